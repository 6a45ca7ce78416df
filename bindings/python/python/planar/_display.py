"""How a fitted network shows itself in a notebook: scikit-learn's diagram, and below it the boundary and the loss."""

import html

import numpy as np

_SIDE = 60
_COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#b279a2", "#ff9da6", "#9d755d")


class Display:
    """A network with a picture."""

    def _repr_html_inner(self):
        shown = super()._repr_html_inner()
        if not hasattr(self, "coefs_"):
            return shown
        return f"{shown}{self._card()}"

    def _repr_mimebundle_(self, **settings):
        shown = super()._repr_mimebundle_(**settings)
        if "text/html" in shown:
            shown["text/html"] = self._repr_html_inner()
        return shown

    def _card(self):
        widths = " → ".join(str(each) for each in [self.n_features_in_, *(b.size for b in self.intercepts_)])
        facts = f"{widths}, {self.n_iter_} epochs, loss {self.loss_:.6g}, {self.status_}, {self.device_}"
        pictures = [curve(self.loss_curve_)]
        if getattr(self, "_range", None) is not None and not getattr(self, "_is_multilabel", True):
            pictures.append(self._boundary())
        return (
            '<div class="planar-card" style="font:12px sans-serif;margin:6px 0">'
            f"<div>{html.escape(facts)}</div>{''.join(pictures)}</div>"
        )

    def _boundary(self):
        """The classes over the range of the training samples."""
        (low_x, low_y), (high_x, high_y) = self._range  # of both features
        x, y = np.linspace(low_x, high_x, _SIDE), np.linspace(high_y, low_y, _SIDE)
        points = np.column_stack([each.ravel() for each in np.meshgrid(x, y)])
        said = self._forward_checked(points)
        found = said.argmax(axis=1) if self._output == "softmax" else (said[:, 0] > 0).astype(int)
        rows = [
            f'<g transform="translate(0,{row})">{_runs(line)}</g>' for row, line in enumerate(found.reshape(_SIDE, _SIDE))
        ]
        return (
            f'<svg class="planar-boundary" viewBox="0 0 {_SIDE} {_SIDE}" width="180" height="180" '
            f'shape-rendering="crispEdges">{"".join(rows)}</svg>'
        )


def _runs(line):
    """Neighbours of one class as one rectangle."""
    ends = np.flatnonzero(np.diff(line)) + 1
    starts = [0, *ends.tolist()]
    widths = np.diff([*starts, len(line)])
    return "".join(
        f'<rect x="{start}" width="{width}" height="1" fill="{_COLOURS[line[start] % len(_COLOURS)]}"/>'
        for start, width in zip(starts, widths, strict=True)
    )


def curve(losses):
    """The losses of epochs as a line, at most 200 of them."""
    values = np.asarray(losses, dtype=float)[:: max(1, len(losses) // 200)]
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return ""
    low, high = values.min(), values.max()
    x = np.linspace(4, 236, len(values))
    y = 170 - 160 * (values - low) / ((high - low) or 1)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        '<svg class="planar-curve" viewBox="0 0 240 180" width="240" height="180">'
        f'<polyline points="{points}" fill="none" stroke="{_COLOURS[0]}" stroke-width="1.5"/>'
        f'<text x="236" y="12" text-anchor="end" font-size="10">loss {high:.3g} to {low:.3g}</text></svg>'
    )


def table(headings, rows):
    """Rows as an HTML table."""
    head = "".join(f"<th>{html.escape(str(each))}</th>" for each in headings)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
