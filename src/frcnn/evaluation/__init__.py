"""What a number means: detections of any detector, judged against true boxes.

`report.evaluate` gives all figures at once; `voc`, `coco`, `curves` and `confusion` each give
theirs, `plots` draws them, `devkit` reads and writes the results files of PASCAL VOC.
"""
