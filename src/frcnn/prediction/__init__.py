"""Prediction: a model and pictures in, results out.

file                 what it does
predictor.py         Detector: the network with its class names; start reading here
inference_copy.py    the network as it is computed: precision, memory layout, folded batch norms
loading.py           a picture of any accepted form -> pixels, or an error that says what is wanted
choice.py            which detections are reported: conf, iou, max_det, classes
result.py            Result: what was found in one picture
sources.py           files, folders and patterns -> picture files
folder.py            a whole folder: results on disk as they come, faults counted, resumable
diary.py             the file that a folder's run is resumed from
writers.py           pictures with boxes, JSON, CSV
summary.py           what a folder's run came to
splits.py            a whole split: its detections, its proposals
proposing.py         a split's proposals into a file
pickled_proposals.py the same in the form of the authors' code, written and read
picture_files.py     pictures with boxes, written
own_files.py         files of the user's, which results never replace
saved.py             a detector from a run folder or a weights file
counting.py          how far it has come, for people
"""
