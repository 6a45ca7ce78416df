from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Data",
    "Fitted",
    "Objective",
    "__version__",
    "adapters",
    "close",
    "compare",
    "diagnose",
    "forward",
    "generated",
    "has_gpu",
    "has_opened",
    "panic",
    "read",
    "train",
    "write",
]

__version__: str
has_gpu: bool

_Floats = NDArray[np.float64]
_Points = NDArray[np.float64] | NDArray[np.float32]
_Layers = tuple[list[_Floats], list[_Floats]]
_Device = tuple[str, str, str, str]

@final
class Data:
    def __new__(
        cls,
        points: _Points,
        answers: NDArray[np.uint8] | _Floats,
        classes: Sequence[str] | None = None,
        weights: _Floats | None = None,
        standardize: bool = False,
        scaling: tuple[Sequence[float], Sequence[float]] | None = None,
        names: Sequence[str] | None = None,
        name: str = "array",
    ) -> Data: ...
    @property
    def samples(self) -> int: ...
    @property
    def scaling(self) -> tuple[list[float], list[float]]: ...

@final
class Fitted:
    status: str
    updates: int
    cost: float
    plan: str
    state: str
    @property
    def losses(self) -> _Floats: ...
    @property
    def scores(self) -> _Floats: ...
    @property
    def device(self) -> _Device: ...
    @property
    def layers(self) -> _Layers: ...
    @property
    def moments(self) -> _Floats: ...

@final
class Objective:
    plan: str
    def __new__(
        cls, data: Data, network: Mapping[str, Any], device: str = "auto", threads: int | None = None
    ) -> Objective: ...
    @property
    def start(self) -> _Floats: ...
    @property
    def device(self) -> _Device: ...
    def __call__(self, weights: _Floats) -> tuple[float, _Floats]: ...
    def layers(self, weights: _Floats) -> _Layers: ...
    def state(self, data: Data, cost: float) -> str: ...

def adapters() -> list[_Device]: ...
def close() -> None: ...
def compare(
    data: Data,
    network: Mapping[str, Any],
    iterations: int,
    left: str,
    right: str,
    threads: int | None = None,
) -> str: ...
def diagnose(
    data: Data,
    network: Mapping[str, Any],
    epochs: int,
    patience: float,
    device: str = "auto",
    threads: int | None = None,
    held_out: Data | None = None,
) -> str: ...
def forward(
    points: _Points,
    coefs: Sequence[_Floats],
    intercepts: Sequence[_Floats],
    activation: str,
    output: str,
    answers: bool = False,
    device: str = "auto",
    threads: int | None = None,
) -> _Floats: ...
def generated(name: str) -> tuple[_Floats, NDArray[np.uint8]]: ...
def has_opened() -> bool: ...
def panic(way: str) -> None: ...
def read(path: str | PathLike[str]) -> dict[str, Any]: ...
def train(
    data: Data,
    networks: Sequence[Mapping[str, Any]],
    epochs: Sequence[int],
    device: str = "auto",
    threads: int | None = None,
    rules: Sequence[Mapping[str, Any] | None] | None = None,
    held_out: Data | None = None,
    stands: Sequence[Mapping[str, Any]] | None = None,
    callback: Callable[[int, list[float], float], object] | None = None,
) -> tuple[list[Fitted], BaseException | None]: ...
def write(
    path: str | PathLike[str],
    state: str,
    coefs: Sequence[_Floats],
    intercepts: Sequence[_Floats],
    moments: _Floats,
    overwrite: bool = False,
) -> None: ...
