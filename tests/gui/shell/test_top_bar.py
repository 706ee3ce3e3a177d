"""The computer at a glance, and letting go of its memory."""

from studio.jobs.device_info import DeviceInfo, processor


def test_without_a_gpu_the_button_says_why(studio, until):
    until(lambda: studio.top.device.text())
    assert "memory" in studio.top.device.text()
    assert not studio.top.free.isEnabled()
    assert "no GPU" in studio.top.free.toolTip()


def test_a_gpu_is_shown_and_can_be_freed(studio, until):
    studio.top._can_free = True
    studio.top.show_device_info(DeviceInfo("RTX 3060", 5 * 2**30, 8 * 2**30, has_gpu=True))
    assert studio.top.device.text() == "RTX 3060 · 5.0 GB of 8.0 GB memory"
    assert studio.top.free.isEnabled()


def test_the_processor_needs_no_library():
    seen = processor()
    assert seen.name.startswith("CPU")
    assert 0 <= seen.used <= seen.total
