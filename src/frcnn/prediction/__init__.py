"""Prediction: a model and pictures in, results out.

file                 what it does
predictor.py         Detector: the network with its class names; start reading here
inference_copy.py    the network as it is computed: precision, memory layout, folded batch norms
loading.py           a picture of any accepted form -> pixels, or an error that says what is wanted
choice.py            which detections are reported: conf, iou, max_det, classes
batching.py          pictures of one resized size are computed together
windows.py           a picture of any size, read part by part
tiles.py             large pictures: overlapping tiles, and the whole as one more view
merging.py           what several tiles found -> each object once
result.py            Result: what was found in one picture, or in one frame
words.py             what `predict` and `frames` can be told
video/               videos, cameras and streams, frame by frame
sources.py           what people type -> pictures and videos
origins.py           where a picture comes from: a file, an address, standard input
addresses.py         addresses of the web: named like files, shown without passwords
remote.py            a picture of the web, fetched with limits
lists.py             lists of sources, from a text or standard input
order.py             what a folder's run is asked to do
folder.py            a whole folder: results on disk as they come, faults counted, resumable
diary.py             the file that a folder's run is resumed from
writers.py           the kinds of results, their names, and what writes each
forms/               JSON, CSV, COCO, YOLO, VOC, Label Studio, cut-out objects: one file each
drawing.py           a picture with its boxes, smaller where it is too large
summary.py           what a folder's run came to
splits.py            a whole split: its detections, its proposals
proposing.py         a split's proposals into a file
pickled_proposals.py the same in the form of the authors' code, written and read
picture_files.py     pictures as files
own_files.py         files of the user's, which results never replace
saved.py             a detector from a run folder or a weights file
counting.py          how far it has come, for people
"""
