"""The newest frame of a camera: a slow reader misses frames, sees no old ones, and ends cleanly."""

import threading
from collections.abc import Callable

import numpy as np
import pytest

from frcnn.errors import PictureError
from frcnn.prediction.video.newest import Newest


class Camera:
    """Gives a frame whenever it is let."""

    def __init__(self, count: int, fault: Exception | None = None) -> None:
        self.rest, self.fault, self.number = count, fault, -1
        self.turn = threading.Semaphore(0)

    def grab(self) -> bool:
        assert self.turn.acquire(timeout=20)
        self.number += 1
        if self.number >= self.rest and self.fault is not None:
            raise self.fault
        return self.number < self.rest

    def retrieve(self) -> tuple[bool, np.ndarray]:
        return True, np.full((2, 2, 3), self.number, np.uint8)


def free(camera: Camera) -> Camera:
    for _ in range(1000):
        camera.turn.release()
    return camera


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "frcnn-camera"]


# --- golden


def test_golden_frame_by_frame() -> None:
    camera = Camera(3)
    frames = Newest(camera, "webcam:0", 1).frames()
    for number in range(3):
        camera.turn.release()
        frame = next(frames)
        assert (frame.number, frame.pixels[0, 0, 0]) == (number, number)
        assert frame.time >= 0.0
    camera.turn.release()
    assert next(frames, None) is None
    assert not threads()


# --- what always holds


@pytest.mark.parametrize("stride", [1, 3])
def test_a_slow_reader_sees_the_newest(stride: int) -> None:
    camera = Camera(8)
    frames = Newest(camera, "webcam:0", stride).frames()
    camera.turn.release()
    assert next(frames).number == 0
    free(camera)
    wait_for(lambda: camera.number == 8)
    assert [frame.number for frame in frames] == [7 if stride == 1 else 6]


def test_whoever_leaves_ends_the_thread() -> None:
    frames = Newest(free(Camera(10**6)), "webcam:0", 1).frames()
    next(frames)
    frames.close()
    assert not threads()


# --- nothing in, wrong in


def test_no_frame() -> None:
    with pytest.raises(PictureError, match="gives no frame") as caught:
        list(Newest(free(Camera(0)), "webcam:0", 1).frames())
    assert (caught.value.code, caught.value.place) == ("RC122", "webcam:0")


def test_it_breaks_off() -> None:
    camera = Camera(1, ValueError("pulled out"))
    frames = Newest(camera, "webcam:0", 1).frames()
    camera.turn.release()
    next(frames)
    camera.turn.release()
    with pytest.raises(PictureError, match=r"broke off.*pulled out"):
        next(frames)
    assert not threads()


def wait_for(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        threading.Event().wait(0.005)
    raise AssertionError("it never comes")
