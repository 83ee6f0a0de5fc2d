"""Event cameras: pixels that report changes, each at its own time, instead of pictures.

    stream = events.from_video(video, dt=1.0)      # video: light, [time, height, width]
    stream.t, stream.x, stream.y, stream.p         # when (ms), where, brighter (1) or darker (-1)
    x_rec = events.frames(stream, 25).unsqueeze(1) # [time, batch, 2, height, width] for a network

    events.Folder("gestures", dt=20.0, num_frames=20)   # recordings in files, as a data set

Files: `event_camera` makes events, `event_views` turns them into tensors, `event_files` stores
them, trades them with `tonic`, and loads its data sets; `event_folder` makes one of your own
recordings; `event_stream` says what events are.
"""

from snnedu.silicon.event_camera import from_video as from_video
from snnedu.silicon.event_files import (
    Recordings as Recordings,
    dataset as dataset,
    from_tonic as from_tonic,
    load as load,
    save as save,
    to_tonic as to_tonic,
)
from snnedu.silicon.event_folder import Folder as Folder
from snnedu.silicon.event_stream import Events as Events
from snnedu.silicon.event_views import (
    denoise as denoise,
    frames as frames,
    time_surface as time_surface,
    voxel_grid as voxel_grid,
)
