//! A stand-in for libdcgm: exports the symbols gpuhm uses and answers from a script. For tests; it knows nothing of gpuhm.
