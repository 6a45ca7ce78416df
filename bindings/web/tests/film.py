"""Puts frames together to a moving picture, and gives pictures a palette, a third as large: film.py FOLDER FILE.gif [FILE.png ...]
(needs Pillow)."""

import pathlib
import sys

from PIL import Image

WIDTH = 800
folder, file, *pictures = sys.argv[1:]
frames = [Image.open(path).convert("RGB") for path in sorted(pathlib.Path(folder).glob("frame-*.png"))]
size = (WIDTH, round(frames[0].height * WIDTH / frames[0].width))
frames = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
# one palette for all, so that what does not move is not stored again
some = frames[:: max(1, len(frames) // 8)]
sheet = Image.new("RGB", (size[0], size[1] * len(some)))
for k, frame in enumerate(some):
    sheet.paste(frame, (0, k * size[1]))
palette = sheet.quantize(96, method=Image.Quantize.MEDIANCUT)
frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
durations = [90] * (len(frames) - 1) + [2500]
frames[0].save(file, save_all=True, append_images=frames[1:], duration=durations, loop=0, optimize=True)
for picture in pictures:
    whole = Image.open(picture).convert("RGB")
    whole.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(picture, optimize=True)
