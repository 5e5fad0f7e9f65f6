//! What a page holds GPU by GPU: texts as exporters of several versions write them, and any bytes at all.

use proptest::prelude::*;

use super::*;
use crate::metric::index;
use crate::source::exporter::board::Board;

fn boards(text: &str) -> Vec<Board> {
    gather(text).unwrap().boards
}

fn real(board: &Board, metric: &str) -> Option<f64> {
    board.values.real(index(metric).unwrap())
}

#[test]
fn samples_are_put_together_by_uuid_under_old_and_new_names() {
    let all = boards(concat!(
        "# HELP DCGM_FI_DEV_GPU_TEMP GPU temperature (in °C).\n",
        "DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\",device=\"nvidia0\",modelName=\"NVIDIA H100\",Hostname=\"n1\"} 41\n",
        "DCGM_FI_DEV_GPU_TEMP_CELSIUS{gpu=\"1\",UUID=\"GPU-b\",pci_bus_id=\"00000000:3B:00.0\",hostname=\"n2\"} 52\n",
        "DCGM_FI_DEV_BOARD_POWER_WATTS{gpu=\"1\",UUID=\"GPU-b\",DCGM_FI_SYSTEM_DRIVER_VERSION=\"580.1\"} 300.5\n",
        "DCGM_FI_PROF_SM_ACTIVE{gpu=\"0\",UUID=\"GPU-a\",DCGM_FI_DRIVER_VERSION=\"535.1\"} 0.875\n",
        "DCGM_FI_DEV_XID_ERRORS{err_code=\"45\", err_msg=\"no GPU\", job=\"dcgm-exporter\"} 45\n",
        "DCGM_FI_DEV_NVLINK_BANDWIDTH_TOTAL{nvlink=\"3\",gpu=\"7\",UUID=\"GPU-link\"} 1\n",
        "node_load1{gpu=\"9\"} 0.5\n",
    ));
    let [a, b] = &all[..] else { panic!("{all:?}") };
    assert_eq!((a.uuid(), a.gpu.device_index, a.host.as_deref()), ("GPU-a", Some(0), Some("n1")));
    assert_eq!((a.gpu.name.as_deref(), a.gpu.driver_version.as_deref()), (Some("NVIDIA H100"), Some("535.1")));
    assert_eq!((real(a, "gpu_temp_c"), real(a, "sm_active_pct"), a.values.len()), (Some(41.0), Some(87.5), 2));
    assert_eq!((b.host.as_deref(), b.gpu.pci_bus_id.as_deref()), (Some("n2"), Some("0000:3B:00.0")));
    assert_eq!((real(b, "gpu_temp_c"), real(b, "power_usage_w")), (Some(52.0), Some(300.5)));
    assert_eq!(b.gpu.driver_version.as_deref(), Some("580.1"));
}

#[test]
fn the_limit_in_force_goes_before_the_one_asked_for_in_either_order() {
    let line = |name: &str, watts: u32| format!("DCGM_FI_DEV_{name}{{gpu=\"0\",UUID=\"GPU-a\"}} {watts}\n");
    let (asked, enforced) = (line("POWER_MGMT_LIMIT", 400), line("ENFORCED_POWER_LIMIT", 350));
    for text in [format!("{asked}{enforced}"), format!("{enforced}{asked}")] {
        assert_eq!(real(&boards(&text)[0], "power_limit_w"), Some(350.0));
    }
    assert_eq!(real(&boards(&asked)[0], "power_limit_w"), Some(400.0));
}

#[test]
fn an_instances_value_is_never_the_gpus() {
    let line = |name: &str, labels: &str, value: &str| {
        format!("DCGM_FI_{name}{{gpu=\"0\",UUID=\"GPU-a\",{labels}Hostname=\"n\"}} {value}\n")
    };
    let (three, four) = ("GPU_I_PROFILE=\"1g.6gb\",GPU_I_ID=\"3\",", "GPU_I_PROFILE=\"2g.12gb\",GPU_I_ID=\"4\",");
    let parts = [
        line("DEV_FB_USED", three, "100"),
        line("PROF_SM_ACTIVE", four, "0.5"),
        line("DEV_GPU_TEMP", three, "35"),
        line("DEV_GPU_TEMP", four, "35"),
    ]
    .concat();
    let own = line("DEV_FB_USED", "", "2000") + &line("DEV_GPU_TEMP", "", "36");
    let apart = &boards(&parts)[0];
    assert_eq!(apart.values.len(), 1, "what each instance has is not the GPU's: {:?}", apart.values);
    assert_eq!(real(apart, "gpu_temp_c"), Some(35.0), "printed beside the instances only");
    for text in [format!("{parts}{own}"), format!("{own}{parts}")] {
        let board = &boards(&text)[0];
        assert_eq!((real(board, "fb_used_mib"), real(board, "gpu_temp_c")), (Some(2000.0), Some(36.0)));
        assert_eq!(real(board, "sm_active_pct"), None);
        let instances: Vec<(i64, Option<&str>)> =
            board.gpu.mig.iter().map(|one| (one.gpu_instance, one.profile.as_deref())).collect();
        assert_eq!(instances, [(3, Some("1g.6gb")), (4, Some("2g.12gb"))]);
    }
}

#[test]
fn a_gpu_without_uuid_is_known_by_host_and_index_and_jobs_are_kept() {
    let text = "DCGM_FI_DEV_SM_CLOCK{gpu=\"1\",Hostname=\"n\",hpc_job=\"42\",job=\"dcgm\",pod=\"\"} 10\n\
                DCGM_FI_DEV_SM_CLOCK{gpu=\"1\",Hostname=\"n\",hpc_job=\"43\"} 10\n\
                DCGM_FI_DEV_MEMORY_TEMP{gpu=\"1\",Hostname=\"n\"} 9223372036854775794\n";
    let all = boards(text);
    assert_eq!((all.len(), all[0].values.len()), (1, 1), "{all:?}");
    assert_eq!(all[0].uuid(), identity::gpu_uuid("n", "1"));
    assert_eq!(all[0].gpu.job.as_deref(), Some("42,43"));
}

#[test]
fn what_is_no_exporters_page_is_told_apart() {
    let why = |text: &str| gather(text).unwrap_err().why;
    assert_eq!(why(""), "the page is empty");
    assert_eq!(why("# HELP only\n"), "the page is empty");
    assert_eq!(why("<html>\n<body>\n"), "not a page of metrics");
    assert_eq!(why("go_threads 8\n"), "no GPU on the page: 1 samples of other things");
    assert_eq!(why(&"x\n".repeat(5000)), "not a page of metrics");
    let some = gather("DCGM_FI_DEV_GPU_TEMP{gpu=\"0\",UUID=\"GPU-a\"} 1\n!!\n").unwrap();
    assert_eq!((some.boards.len(), some.odd), (1, 1), "a bad line costs itself only");
}

#[test]
fn a_page_cannot_take_more_memory_than_its_bound() {
    let pages = |most: usize, line: &dyn Fn(usize) -> String| (0..most).map(line).collect::<Vec<_>>().concat();
    let text = pages(MOST_GPUS + 1, &|n| format!("DCGM_FI_DEV_GPU_TEMP{{gpu=\"0\",UUID=\"GPU-{n}\"}} 1\n"));
    assert!(gather(&text).unwrap_err().why.starts_with("more than 16384 GPUs"));
    let many = pages(5000, &|n| {
        format!("DCGM_EXP_XID_ERRORS_COUNT{{UUID=\"GPU-a\",GPU_I_ID=\"{n}\",hpc_job=\"{n}\",xid=\"{n}\"}} 1\n")
    });
    let board = &boards(&many)[0];
    assert!(board.counts.len() + board.gpu.mig.len() < 100);
    assert!(board.gpu.job.as_ref().unwrap().len() < 100);
}

proptest! {
    #[test]
    fn any_bytes_are_borne(page: Vec<u8>) {
        let names = crate::source::exporter::number::names();
        let mut gather = Gather::new(&names);
        for line in page.split(|byte| *byte == b'\n') {
            prop_assert!(gather.line(Some(line)).is_ok());
        }
        prop_assert!(gather.finish().map_or(0, |page| page.boards.len()) <= page.len());
    }

    #[test]
    fn remembering_labels_changes_nothing(
        page in proptest::collection::vec("(DCGM_FI_DEV_(GPU_TEMP|XID_ERRORS|FB_USED)|go)( ?\\{((gpu=\"[01]\"|UUID=\"[ab}]\"|GPU_I_ID=\"1\"|xid=\"[78]\"|hpc_job=\"[x\\\\]?\"),){0,3}\\}){0,2} [0-9}]( [0-9])?( # \\{\\} 1)?", 0..30)
    ) {
        let names = crate::source::exporter::number::names();
        let (mut one, mut other) = (Gather::new(&names), Gather::new(&names));
        for line in &page {
            prop_assert!(one.line(Some(line.as_bytes())).is_ok());
            other.by_text.clear();
            prop_assert!(other.line(Some(line.as_bytes())).is_ok());
        }
        prop_assert_eq!((one.samples, one.odd), (other.samples, other.odd));
        prop_assert_eq!(format!("{:?}", one.boards), format!("{:?}", other.boards));
    }

    #[test]
    fn lines_that_are_nearly_right_are_borne(
        page in proptest::collection::vec("DCGM_FI_DEV_(GPU_TEMP|XID_ERRORS|FB_USED)\\{?(gpu|UUID|GPU_I_ID|xid)?=?\"?[a-z0-9\\\\\"é]{0,5}\"?,?\\}? ?[0-9eE.+-]{0,20}( [0-9]{0,15})?", 0..40)
    ) {
        let text = page.join("\n");
        if let Ok(page) = gather(&text) {
            for board in &page.boards {
                for (_, value) in board.values.iter() {
                    prop_assert!(value.real().is_finite());
                }
            }
        }
    }
}
