"""What a number means: detections and proposals of any detector, judged against true boxes.

`report.evaluate` gives all figures of detections at once; `voc`, `coco`, `curves` and `confusion`
each give theirs, `plots` draws them, `devkit` reads and writes the results files of PASCAL VOC.
`proposals.evaluate_proposals` judges boxes without class or score; `proposal_plots` draws that.
"""
