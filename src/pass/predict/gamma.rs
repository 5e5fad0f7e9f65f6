//! The trigamma function: the variance of the logarithm of a Gamma variable with that shape.
//!
//! Recurrence up to where the asymptotic series is exact to double precision. Knows nothing of GPUs.

/// From here on the series' first neglected term is below 1e-14.
const SERIES_FROM: f64 = 15.0;

/// ψ′(x) for x > 0; infinite at 0 and below, where no Gamma variable is.
pub(super) fn trigamma(mut x: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return f64::INFINITY;
    }
    let mut sum = 0.0;
    while x < SERIES_FROM {
        // ψ′(x) = ψ′(x + 1) + 1/x²
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    // 1/x + 1/2x² + Σ B₂ₖ / x²ᵏ⁺¹, with the Bernoulli numbers 1/6, -1/30, 1/42, -1/30, 5/66.
    let y = 1.0 / (x * x);
    let tail = y * (1.0 / 6.0 + y * (-1.0 / 30.0 + y * (1.0 / 42.0 + y * (-1.0 / 30.0 + y * (5.0 / 66.0)))));
    sum + (1.0 + tail) / x + 0.5 * y
}

#[cfg(test)]
mod tests {
    use super::trigamma;
    use std::f64::consts::PI;

    #[test]
    fn known_values() {
        let near = |x: f64, is: f64| assert!((trigamma(x) / is - 1.0).abs() < 1e-12, "{x}: {} {is}", trigamma(x));
        near(1.0, PI * PI / 6.0);
        near(2.0, PI * PI / 6.0 - 1.0);
        near(3.0, PI * PI / 6.0 - 1.25);
        near(0.5, PI * PI / 2.0);
        near(1.5, PI * PI / 2.0 - 4.0);
        // ψ′(n) = π²/6 − Σ 1/k² for k < n, on both sides of where the series takes over.
        for n in [14, 15, 16, 40, 1000] {
            let below: f64 = (1..n).map(|k| 1.0 / f64::from(k * k)).sum();
            assert!((trigamma(f64::from(n)) - (PI * PI / 6.0 - below)).abs() < 1e-12, "{n}");
        }
        assert!(trigamma(0.0).is_infinite());
    }
}
