"""The order in which things are learnt. Faster R-CNN §3.2.

scheme        phases
joint         both stages in one; proposals taken as fixed (approximate joint training, §3.2, ii)
exact-joint   both stages in one; the head's loss also moves the proposals (§3.2, iii)
alternating   the paper's four steps (§3.2, last paragraph)
unshared      the first two of them, two networks in the end (§4.1, Table 2)
rpn           the RPN alone
head          Fast R-CNN alone, on proposals from a file

A scheme is a function of a course (`training/course.py`), which trains one phase after the other
and remembers on disk which are done: going on after a kill is calling the scheme again.
"""

from collections.abc import Callable, Mapping

from frcnn.training import phase
from frcnn.training.course import Course, Outcome
from frcnn.training.plans import Scheme


def joint(course: Course) -> Outcome:
    """Approximate joint training: one network, one step for both stages (§3.2, ii)."""
    return course.learn(phase.JOINT, course.start())


def exact_joint(course: Course) -> Outcome:
    """Joint training with the gradient through the proposals' boxes (§3.2, iii).

    No published number exists for it.
    """
    return course.learn(phase.EXACT_JOINT, course.start())


def alternating(course: Course) -> Outcome:
    """4-step alternating training (§3.2, last paragraph).

    Proposals are computed once for all training pictures after steps 1 and 3, then held fixed.
    """
    # 1. An RPN from ImageNet weights, all of it trained.
    rpn = course.learn(phase.RPN_APART, course.start(), step=1)

    # 2. A detector on its proposals, from ImageNet weights again. Nothing is shared yet.
    proposals = course.propose(rpn, step=1)
    detector = course.learn(phase.DETECTOR, rpn.network, step=2, proposals=proposals)

    # 3. New RPN layers on the detector's backbone, which stays as it is from here on.
    network = course.with_shared_backbone(detector.network)
    rpn = course.learn(phase.RPN_LAYERS, network, step=3)

    # 4. The detector's own layers once more, on the new proposals.
    proposals = course.propose(rpn, step=3)
    network = course.with_last_layers_for_step_4(rpn.network)
    return course.learn(phase.DETECTOR_LAYERS, network, step=4, proposals=proposals)


def unshared(course: Course) -> Outcome:
    """Two networks that share nothing: the first two steps alone (§4.1, Table 2)."""
    rpn = course.learn(phase.RPN_APART, course.start(), step=1)
    proposals = course.propose(rpn, step=1)
    return course.learn(phase.DETECTOR, rpn.network, step=2, proposals=proposals)


def rpn(course: Course) -> Outcome:
    """Train the RPN alone, from ImageNet weights (§3.1.3)."""
    return course.learn(phase.RPN, course.start())


def head(course: Course) -> Outcome:
    """Train Fast R-CNN alone, on proposals from a file (Fast R-CNN §2.3)."""
    return course.learn(phase.DETECTOR, course.start(), proposals=course.given_proposals)


SCHEMES: Mapping[Scheme, Callable[[Course], Outcome]] = {
    "joint": joint,
    "exact-joint": exact_joint,
    "alternating": alternating,
    "unshared": unshared,
    "rpn": rpn,
    "head": head,
}
