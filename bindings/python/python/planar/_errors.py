"""The exceptions of planar: one class for each kind of failure, all from one base."""

import errno


class Error(Exception):
    """Every failure of planar's. Its message is one line that says what was wanted and what was found."""


class Invalid(Error, ValueError):
    """A value that cannot be used."""


class Mismatch(Error, ValueError):
    """Parts that are each valid but do not fit together."""


class Conflict(Error, ValueError):
    """Settings of a device that exclude each other."""


class Io(Error, OSError):
    """A file that cannot be read or written."""


class Csv(Error, ValueError):
    """A table that is no data set."""


class Results(Error, ValueError):
    """A results file of a sweep that cannot be used."""


class Checkpoint(Error, ValueError):
    """A file of weights that cannot be used."""


class Overwrite(Error, FileExistsError):
    """A file that is there already and would be overwritten."""

    errno = errno.EEXIST


class Busy(Error, OSError):
    """A file that another process is writing."""

    errno = errno.EBUSY


class Plot(Error, ValueError):
    """A picture that cannot be drawn."""


class NoAdapter(Error, RuntimeError):
    """No graphics adapter answers, or this process may use none."""


class Limit(Error, MemoryError):
    """A size that the device's limits do not allow, found before anything is allocated."""


class Shader(Error, RuntimeError):
    """A shader that does not compile."""


class Lost(Error, RuntimeError):
    """The device is lost and could not be replaced."""


class Device(Error, RuntimeError):
    """The device failed."""


class Wrong(Error, RuntimeError):
    """A device whose results differ from the CPU's."""


class Incomplete(Error, RuntimeError):
    """A device that did fewer steps than it was given."""


class Panic(Error, RuntimeError):
    """A mistake in planar itself."""
