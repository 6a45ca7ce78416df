"""How far a training is, where that is asked for: scikit-learn's lines, or a bar of tqdm's."""


class Progress:
    """Told by the extension after each chunk; ``callback`` is None if nobody wants to know."""

    def __init__(self, estimator, work):
        batch = work.settings["batch_size"] or work.samples
        self._per_epoch = -(-work.samples // batch)
        updates = work.stand["updates"] if work.stand else 0
        self._before = -(-updates // self._per_epoch)  # an epoch that was left off within counts as a whole one
        self._epochs, self._begun = 0, work.begun
        self._bar = _bar(work.epochs) if getattr(estimator, "progress", False) else None
        self._speaks = bool(getattr(estimator, "verbose", False))
        self.callback = self._told if self._bar is not None or self._speaks else None

    def _told(self, updates, losses, _share):
        epochs = updates // self._per_epoch - self._before
        if epochs <= self._epochs:  # none has ended
            return
        self._epochs = epochs
        if self._speaks:
            print(f"Iteration {self._begun + epochs}, loss = {losses[0]:.8f}")
        if self._bar is not None:
            self._bar.set_postfix(loss=f"{losses[0]:.6f}", refresh=False)
            self._bar.update(epochs - self._bar.n)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()


def _bar(epochs):
    from tqdm.auto import tqdm

    return tqdm(total=epochs, unit="epoch")
