"""A course: the phases of a scheme, each trained once, whatever interrupts them.

All phases but the last have a folder of their own in the run's, `step-1`, `step-2`, ...; the last
one's is the run folder itself, where the finished detector is. A phase that is done leaves its
weights, its diary and a file that says so; its checkpoints go. A scheme that is called again passes
over what is done and goes on where it was.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property

from frcnn import files
from frcnn.data.proposals import StoredProposals
from frcnn.model.config import FasterRCNNConfig
from frcnn.model.faster_rcnn import FasterRCNN
from frcnn.prediction.counting import Tell
from frcnn.prediction.predictor import Detector
from frcnn.prediction.proposing import Order
from frcnn.run_folder import RunFolder
from frcnn.settings import to_mapping
from frcnn.training import checkpoint
from frcnn.training.fit import fit
from frcnn.training.job import Job, TrainingConfig
from frcnn.training.measuring import measure_head, measure_rpn
from frcnn.training.parallel import load_everywhere
from frcnn.training.phase import DETECTOR_LAYERS, Phase
from frcnn.training.plans import PlanConfig, Scheme
from frcnn.training.progress import Display
from frcnn.training.proposing import store_together
from frcnn.training.signals import Interrupted, StopRequest, stop_requests
from frcnn.training.start import new_last_layers, new_model, with_shared_backbone
from frcnn.training.steps import close, drop_checkpoints, is_done, step_folder
from frcnn.training.validation import AnyFigures

STEPS: Mapping[Scheme, int] = {"alternating": 4, "unshared": 2}
"""How many steps a scheme has; all others have one."""
_PROPOSALS = "proposals.safetensors"


@dataclass(frozen=True, eq=False, kw_only=True)
class Outcome:
    """What a phase ended with."""

    run: RunFolder
    """Of the phase."""
    job: Job
    """That the phase was a part of."""
    start: FasterRCNN
    """The network that it began with; its settings count."""
    figures: AnyFigures | None = None
    """The last evaluation's; None when there was nothing left to do."""

    @cached_property
    def network(self) -> FasterRCNN:
        """The weights that it left: the running average where one is kept.

        All processes ask for it at once; only the leader needs to see the file.
        """
        model = new_model(self.start.config, self.job.config.seed)
        load_everywhere(model, self.run.last, self.job.world)
        return model.to(self.job.precision.device)


@dataclass(frozen=True, eq=False, kw_only=True)
class Course:
    """One run of a scheme."""

    job: Job
    """The run: its network as it starts, its pictures, settings and folder."""
    display: Display
    given_proposals: StoredProposals | None = None
    """What the scheme `head` learns on."""
    listening: StopRequest | None = None
    """Of who listens for signals from the first phase to the last; None: each part for itself."""
    _regions: int = field(init=False)
    """Of one picture, where a step's plan does not name another number."""

    def __post_init__(self) -> None:
        # a step's network carries its own number in its settings, which the next one starts from
        object.__setattr__(self, "_regions", self.job.model.config.roi_sampling.count)

    def start(self) -> FasterRCNN:
        """Give the network as the run begins with it."""
        return self.job.model

    def learn(
        self,
        phase: Phase,
        network: FasterRCNN,
        *,
        step: int = 1,
        proposals: StoredProposals | None = None,
    ) -> Outcome:
        """Train a phase to its end, or pass over it where that has been done.

        Args:
            phase: what learns.
            network: what it starts from; changed in place.
            step: of the scheme, from 1.
            proposals: of the training pictures, for a phase that needs them.

        Returns:
            What it ended with.
        """
        world = self.job.world
        run = world.of_leader(lambda: self._folder(step))
        outcome = Outcome(run=run, job=self.job, start=network)
        if world.of_leader(lambda: is_done(run, world.size)):
            world.of_leader(lambda: drop_checkpoints(run))
            return outcome
        if self._steps > 1:
            self.display.begin(f"step {step} of {self._steps}: {phase.title}")
        job = self._job(run, phase, network, step, proposals)
        if not world.of_leader(lambda: checkpoint.checkpoints(run)):  # else they are in them
            with self._stoppable() as heed, world.together():
                self._measure_targets(job, heed)
        figures = self._fit(job)
        if step < self._steps:
            world.of_leader(lambda: close(run, step, world.size))
        return replace(outcome, figures=figures)

    def propose(self, rpn: Outcome, *, step: int) -> StoredProposals:
        """Store what a trained RPN proposes in every training picture, once.

        Args:
            rpn: the phase that trained it.
            step: of the scheme; its folder gets the file.

        Returns:
            The file, memory-mapped.
        """
        job, world = self.job, self.job.world
        path = world.of_leader(lambda: self._folder(step).path / _PROPOSALS)
        if not world.of_leader(path.exists):
            self.display.say(f"proposals of {len(job.train)} training pictures, into {path}")
            detector = Detector(
                rpn.network,
                job.train.classes,
                device=job.precision.device,
                precision=job.precision.dtype,
            )
            computed = job.config.alternating.of_mirrored == "computed"
            order = Order(out=path, mirrored=computed)
            count = self.display.counting("pictures", len(job.train))
            with self._stoppable() as heed, self.display, count as tell:
                store_together(detector, job.train, order, world, tell, heed)
        with world.together():
            stored = StoredProposals.open(path)
            stored.require_fit(job.train)
        return stored

    def with_shared_backbone(self, detector: FasterRCNN) -> FasterRCNN:
        """Give step 3's network: the detector's backbone and head, new RPN layers."""
        return with_shared_backbone(detector, self.job.config.seed)

    def with_last_layers_for_step_4(self, network: FasterRCNN) -> FasterRCNN:
        """Give step 4's network: its two last layers are new, or kept, as the settings say."""
        if self.job.config.alternating.last_layers == "new":
            new_last_layers(network, self.job.config.seed)
        return network

    def _fit(self, job: Job) -> AnyFigures | None:
        try:
            return fit(job, self.display, self.listening)
        except Interrupted as interrupted:  # it is the run that goes on, not the step's folder
            raise interrupted.of(self.job.run.path) from interrupted

    @contextmanager
    def _stoppable(self) -> Iterator[Tell]:
        """Let a signal to any process stop all between two trainings; the work is done again.

        Yields:
            What is to be called after each picture, where a failure is told to all processes.
        """
        with stop_requests(self.listening) as stop:

            def heed(_picture: int) -> None:
                if stop.signal is not None:
                    raise Interrupted(None, stop.exit_code, self.job.run.path)

            yield heed
            with self.job.world.together():
                heed(0)  # it came after the last one

    def _measure_targets(self, job: Job, heed: Tell) -> None:
        """Bring the targets of the layers that learn to the scale that the settings ask for."""
        model, batches = job.model, job.config.batches
        if "rpn" in job.phase.parts and model.config.rpn.normalisation == "measured":
            model.rpn.take_scale(measure_rpn(model, job.train, batches, heed))
        if job.proposals is None or model.config.box_head.normalisation != "measured":
            return
        scale = measure_head(model, job.train, job.proposals, batches, heed)
        kept = job.phase is DETECTOR_LAYERS and job.config.alternating.last_layers == "kept"
        (model.box_head.change_scale if kept else model.box_head.take_scale)(scale)

    @property
    def _steps(self) -> int:
        return STEPS.get(self.job.config.scheme, 1)

    def _folder(self, step: int) -> RunFolder:
        if step == self._steps:
            return self.job.run
        run = step_folder(self.job.run, step)
        for folder in (run.path, run.state, run.plots):
            files.remove_leftovers(folder)
        return run

    def _job(
        self,
        run: RunFolder,
        phase: Phase,
        network: FasterRCNN,
        step: int,
        proposals: StoredProposals | None,
    ) -> Job:
        """Make the phase's part of the job, with the settings of its step."""
        plan = _plan(self.job.config, step)
        network.config = _planned(network.config, plan, self._regions)
        own = config_of_step(self.job.config, step)
        return replace(
            self.job, run=run, model=network, config=own, phase=phase, proposals=proposals
        )


def first_network(model: FasterRCNNConfig, scheme: Scheme) -> FasterRCNNConfig:
    """Give the settings of the network that a scheme begins with.

    Args:
        model: of the network that it ends with.
        scheme: which.

    Returns:
        The same; two backbones where the first step shares nothing.
    """
    return replace(model, sharing="separate") if scheme in STEPS else model


def config_of_step(config: TrainingConfig, step: int) -> TrainingConfig:
    """Give the settings by which one step of a scheme learns.

    Args:
        config: of the run.
        step: of its scheme, from 1.

    Returns:
        The same with what is this step's own.
    """
    plan = _plan(config, step)
    return replace(
        config,
        batches=plan.batches(config.batches),
        optimizer=plan.optimizer(config.optimizer),
        schedule=plan.schedule(config.schedule),
    )


def require_same_run(job: Job, model: FasterRCNNConfig) -> None:
    """Refuse, before anything is written, what the newest checkpoint of a run would refuse.

    Args:
        job: the run as it shall go on.
        model: settings of the network that it ends with.

    Raises:
        ModelFileError: the checkpoint is of other classes, another model or optimizer (RC531 ...
            RC533).
    """
    config = job.config
    steps = STEPS.get(config.scheme, 1)
    for step in range(steps, 0, -1):
        run = job.run if step == steps else RunFolder(job.run.path / f"step-{step}")
        if checkpoint.checkpoints(run):
            plan = _plan(config, step)
            network = model if step > 2 else first_network(model, config.scheme)
            network = _planned(network, plan, model.roi_sampling.count)
            around = replace(job.circumstances, model=to_mapping(network))
            checkpoint.require_same(run, around)
            return


def _plan(config: TrainingConfig, step: int) -> PlanConfig:
    return config.alternating.plan(step) if config.scheme in STEPS else PlanConfig()


def _planned(model: FasterRCNNConfig, plan: PlanConfig, regions: int) -> FasterRCNNConfig:
    sampling = replace(model.roi_sampling, count=plan.regions or regions)
    return replace(model, roi_sampling=sampling)
