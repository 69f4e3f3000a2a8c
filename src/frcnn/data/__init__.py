"""What a file on disk says: folders of pictures and annotations become values, with a report.

file                what it does
dataset.py          a data set, opened: splits of records, one class list, a report
layouts.py          which layout a folder has
claims.py           what a layout says of a picture, held against the picture
seen.py             what every layout's reader hands over: usable pictures, classes by name
voc.py              PASCAL VOC; voc_layout.py finds its files, voc_annotation.py reads one
coco.py             COCO; coco_text.py parses, coco_columns.py and coco_annotation.py make arrays
yolo.py             YOLO; yolo_layout.py and yolo_yaml.py find its files, yolo_labels.py reads one
csv_layout.py       CSV; csv_rows.py reads a table
label_studio.py     Label Studio, cvat.py CVAT, labelme.py labelme: exports, with *_shapes.py
shapes.py           what people draw, as boxes; export_claims.py finds the pictures of exports
json_text.py        a JSON file, and xml_tree.py an XML file, from strangers
class_list.py       ids 0 ... C-1, names, and what the files call them
picture_paths.py    from a written name to a file, never out of the data set
examine.py          a data set looked over, however much is wrong; repair.py mends it in a copy
evidence.py         what only many boxes together tell, from written.py: slips.py, one_off.py,
                    rotations.py, one_object.py; unread.py for files, look_alikes.py for pictures
divide.py           a data set into splits; division_plan.py what is wanted, pooling.py all splits
                    in one, grouping.py what stays together, stratify.py each class its share
split_off.py        a validation split out of the training split
tiling.py           large pictures into tiles; tile_plan.py what is wanted, tile_sets.py which tiles
                    there are, tile_boxes.py their boxes, tile_pixels.py their pixels,
                    tile_figures.py the counts, tile_origins.py where each is from
show.py             labels on contact sheets; choosing.py which pictures, sheet.py how they look
convert.py          any layout into any other; moving.py says where pictures go, *_writer.py write
proposals.py        stored proposals of a split, and around it their layout, checks and writer
problems.py         what is wrong, with code, place and remedy
"""
