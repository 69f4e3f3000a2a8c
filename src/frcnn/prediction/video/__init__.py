"""Videos, cameras and streams: frame by frame, in memory that does not grow with their length.

file          what it does
kinds.py      what is a video, a camera, a stream: by content, by ending, by what was typed
opencv.py     the package that decodes, imported when a video is met
reading.py    Video: frames with their numbers and times; what was lost
newest.py     of a camera or stream the newest frame, however slow the detector is
looking.py    frames -> results
frame_diary.py  the line of each frame, as they come
writing.py    the video with its boxes, whole or absent
run.py        a whole video: what is asked for, on disk
"""
