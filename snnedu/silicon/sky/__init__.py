"""A satellite in front of the stars, seen by an event camera on the ground; and how to score it.

    one = sky.simulate(seed=0)                 # real orbit, real stars, simulated camera
    one.events, one.path                       # the recording, and the true (y, x) each 50 ms
    found = sky.as_found(one.events)           # [detections, 3]: t in ms, y, x
    reports = sky.track(found, steps=80, size=one.events.size)   # where something moves evenly
    print(sky.score(reports, one).informedness)
    events, labels = sky.load_ebssa("recording.mat")          # real recordings

Files: `catalog` holds the stars, `orbits` the satellites, `camera` turns directions into light on
pixels, `passes` puts them together; `track` follows, `score` counts, `ebssa` reads real files.
"""

from snnedu.silicon.sky.camera import Camera as Camera, film as film, light as light
from snnedu.silicon.sky.catalog import Stars as Stars, stars as stars
from snnedu.silicon.sky.ebssa import Labels as Labels, load_ebssa as load_ebssa
from snnedu.silicon.sky.orbits import TLES as TLES, orbit as orbit, sight as sight
from snnedu.silicon.sky.passes import (
    Night as Night,
    Pass as Pass,
    dimmer as dimmer,
    simulate as simulate,
)
from snnedu.silicon.sky.score import (
    Score as Score,
    as_found as as_found,
    score as score,
    total as total,
)
from snnedu.silicon.sky.track import track as track, track_step as track_step
