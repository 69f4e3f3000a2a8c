"""The forms in which results are written; one function each, with one signature.

file                what it writes
results.py          Results: what every form is made of, picture by picture
json_report.py      predictions.json: all of it, with the run and the problems
json_lines.py       results.jsonl: a picture a line
csv_table.py        predictions.csv: an object a line
coco_results.py     coco/: COCO's results, and the pictures and categories whose ids they have
yolo_labels.py      yolo/: a text for each picture, as labels and with scores
voc_annotations.py  voc/: an XML for each picture
label_studio.py     label-studio/: tasks with predictions, and the labelling set-up
crops.py            crops/: each object as a picture; written as results come, not at the end
"""
