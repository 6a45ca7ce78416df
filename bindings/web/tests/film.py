"""Puts frames together to a moving picture: film.py FOLDER FILE.gif (needs Pillow)."""

import pathlib
import sys

from PIL import Image

WIDTH = 800
folder, file = sys.argv[1:]
frames = [Image.open(path).convert("RGB") for path in sorted(pathlib.Path(folder).glob("frame-*.png"))]
size = (WIDTH, round(frames[0].height * WIDTH / frames[0].width))
frames = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
# one palette for all, so that what does not move is not stored again
palette = frames[-1].quantize(160, method=Image.Quantize.MEDIANCUT)
frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
durations = [90] * (len(frames) - 1) + [2500]
frames[0].save(file, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True)
