"""The demonstration's data: scenes with dice, drawn offline with NumPy and Pillow.

file            what it does
scenes.py       one scene from a number; a whole data set into a folder. Start reading here
config.py       how many scenes, and how hard to read
camera.py       from the table to the picture and back
ground.py       wood, felt, cloth, marble, tiles, desks, stone; made of noise.py
canvas.py       the table seen from above, and seen through the camera
things.py       coins, pens, paper, cards, tokens; clutter.py strews them over the canvas
layout.py       rectangles that stand apart or touch; table.py sets dice and decoys with them
dice.py         faces, pips, colours; decoys.py blocks and dominoes
solids.py       rounded boxes, and where rays meet them
light.py        lamp, sky, half shadows; surfaces.py pips, gloss and reflections
rendering.py    shadows on the table, dice in the picture, and the box of each
lens.py         exposure, blur, noise; colours.py linear light and sRGB
folder.py       PASCAL VOC layout on disk, whole or not at all
"""
