"""The settings of a team's training."""

from dataclasses import dataclass, field

from games.engine.settings import check, choice, integer, number, refusal
from oracles.learning.config import PPOConfig


def _team_ppo() -> PPOConfig:
    return PPOConfig(
        learning_rate=2e-3,
        entropy_coef=0.004,
        final_entropy_coef=0.001,
        update_epochs=2,
        num_minibatches=2,
    )


@dataclass(frozen=True)
class CreditConfig:
    """The return that an agent is trained on; by default that of its own reward.

    Attributes:
      others_share: weight of the sum of the others' rewards beside one's own.
      disaster: an agent's return ends where its own reward is this or less, as what
        follows teaches nothing new; none is never.
      own_critic: the critic judges each agent, from what it sees and remembers and
        from the mean memory beside the state; else it judges the state alone.
    """

    others_share: float = number(0.0, least=0)
    disaster: float | None = number(None)
    own_critic: bool = False

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class QConfig:
    """The settings of NDQ's learner; defaults are ours, `published` has NDQ's.

    Attributes:
      optimizer: "adam" or "rmsprop" (with NDQ's alpha .99 and epsilon 1e-5).
      learning_rate: the learning rate at the start.
      final_learning_rate: fraction of it that is left at the end (linear decay).
      gamma: discount.
      td_lambda: lambda of Q(lambda); 0 is one step.
      value_scale: unit in which the value error is measured, in returns.
      c_beta: weight of all message losses.
      comm_beta: weight of the compression among them.
      comm_entropy_beta: weight of the entropy among them.
      imitation_coef: weight of a teacher's labels while the team imitates.
      kept_imitation_coef: weight of these labels afterwards.
      temperature: Q / temperature are the logits that imitate.
      mixer_embed: hidden units of the mixer.
      update_epochs: passes over a rollout.
      num_minibatches: parts of a rollout; environments are split, never time.
      max_grad_norm: gradients are clipped to this norm.
      target_every: updates between two copies to the target networks.
    """

    optimizer: str = choice("adam", ("adam", "rmsprop"))
    learning_rate: float = number(2e-3, above=0)
    final_learning_rate: float = number(0.1, least=0, most=1)
    gamma: float = number(0.99, least=0, most=1)
    td_lambda: float = number(0.8, least=0, most=1)
    value_scale: float = number(10.0, above=0)
    c_beta: float = number(0.1)
    comm_beta: float = number(0.01)
    comm_entropy_beta: float = number(0.0)
    imitation_coef: float = number(1.0)
    kept_imitation_coef: float = number(0.5)
    temperature: float = number(0.2, above=0)
    mixer_embed: int = integer(32, least=1)
    update_epochs: int = integer(2, least=1)
    num_minibatches: int = integer(4, least=1)
    max_grad_norm: float = number(0.5, above=0)
    target_every: int = integer(4, least=1)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)


@dataclass(frozen=True)
class NDQTrainingConfig:
    """The budget and the learner's settings of an NDQ team.

    Attributes:
      env_steps: environment steps, over all environments.
      num_envs: B, environments side by side.
      num_steps: T, steps of a rollout and of backpropagation through time.
      imitation_fraction: part of the budget that imitates the teacher.
      teacher_prob: how often the teacher acts at the start; 0 by the middle of the
        imitation.
      epsilon, final_epsilon: how often an agent acts at random, at the start and at
        `epsilon_steps`.
      epsilon_steps: environment steps over which epsilon falls; 0 for all of them.
      replay: rollouts of single environments that are kept; 0 learns from fresh ones
        alone.
      replay_batch: rollouts drawn from them for each update.
      checkpoint_every: updates between two resume points.
      message_dropout: the probability, in training, that a message does not reach a
        receiver (`oracles.teams.thinning`).
      q: the learner.
    """

    env_steps: int = integer(1_000_000, least=1)
    num_envs: int = integer(512, least=1)
    num_steps: int = integer(30, least=1)
    imitation_fraction: float = number(0.6, least=0, most=1)
    teacher_prob: float = number(0.6, least=0, most=1)
    epsilon: float = number(0.03, least=0, most=1)
    final_epsilon: float = number(0.02, least=0, most=1)
    epsilon_steps: int = integer(0, least=0)
    replay: int = integer(0, least=0)
    replay_batch: int = integer(32, least=1)
    checkpoint_every: int = integer(20, least=1)
    message_dropout: float = number(0.0, least=0, below=1)
    q: QConfig = field(default_factory=QConfig)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)
        name = "replay_batch" if self.replay else "num_envs"
        batch, least = getattr(self, name), self.q.num_minibatches
        if batch < least:
            raise refusal(name, batch, f"at least q.num_minibatches = {least}")

    @property
    def updates(self) -> int:
        """Returns the number of rollouts of the whole training."""
        return max(1, self.env_steps // self.steps_per_update)

    @property
    def steps_per_update(self) -> int:
        """Returns B (T + 1): the step whose value bootstraps is played, too."""
        return self.num_envs * (self.num_steps + 1)

    def epsilon_at(self, update: int) -> float:
        """Returns the share of random actions in rollout `update` (from 0)."""
        over = self.epsilon_steps or self.env_steps
        progress = min(1.0, update * self.steps_per_update / over)
        return self.epsilon + (self.final_epsilon - self.epsilon) * progress


def published(episode_limit: int) -> NDQTrainingConfig:
    """Returns the settings of NDQ's code for StarCraft, with chunks of an episode.

    Source: TonghanWang/NDQ, its README's StarCraft runs and default configuration.
    """
    return NDQTrainingConfig(
        env_steps=10_050_000,
        num_envs=8,
        num_steps=episode_limit,
        imitation_fraction=0.0,
        teacher_prob=0.0,
        epsilon=1.0,
        final_epsilon=0.05,
        epsilon_steps=50_000,
        replay=5000,
        replay_batch=32,
        checkpoint_every=1000,
        q=QConfig(
            optimizer="rmsprop",
            learning_rate=5e-4,
            final_learning_rate=1.0,
            td_lambda=0.0,
            value_scale=1.0,
            c_beta=0.1,
            comm_beta=1e-4,
            kept_imitation_coef=0.0,
            update_epochs=1,
            num_minibatches=1,
            max_grad_norm=10.0,
            target_every=25,  # 200 episodes, 8 of them in an update
        ),
    )


@dataclass(frozen=True)
class TeamTrainingConfig:
    """The budget and the learner's settings of a team.

    Attributes:
      env_steps: environment steps, over all environments.
      num_envs: B, environments side by side.
      num_steps: T, steps of a rollout and of backpropagation through time.
      imitation_fraction: part of the budget that imitates the teacher; with less, the
        team talks less (at p = 0, muting costs 40 % after 0.3, 50 % after 0.5).
      teacher_prob: how often the teacher acts at the start; 0 by the middle of the
        imitation.
      imitation_kept: weight of the imitation beside PPO after its phase.
      attention_guided: weight of the loss that points attention at whom a guide names,
        for backbones that attend (`oracles.teams.attention`).
      critic_hidden: width of the critic, which sees the state in training.
      checkpoint_every: updates between two resume points.
      message_dropout: the probability, in training, that a message does not reach a
        receiver (`oracles.teams.thinning`).
      ppo: the learner.
      credit: what each agent is trained to earn.
      entropy_target: mean entropy, in nats, that the entropy's weight is steered to
        from the end of the imitation on; none leaves the weight to `ppo`.
      final_entropy_target: the target (geometric) from `entropy_fall` on.
      entropy_fall: part of that time over which the target falls.
    """

    env_steps: int = integer(1_350_000, least=1)
    num_envs: int = integer(128, least=1)
    num_steps: int = integer(30, least=1)
    imitation_fraction: float = number(0.5, least=0, most=1)
    teacher_prob: float = number(0.5, least=0, most=1)
    imitation_kept: float = number(0.0, least=0)
    attention_guided: float = number(0.0, least=0)
    critic_hidden: int = integer(128, least=1)
    checkpoint_every: int = integer(50, least=1)
    message_dropout: float = number(0.0, least=0, below=1)
    ppo: PPOConfig = field(default_factory=_team_ppo)
    credit: CreditConfig = field(default_factory=CreditConfig)
    entropy_target: float | None = number(None, above=0)
    final_entropy_target: float = number(0.005, above=0)
    entropy_fall: float = number(0.6, above=0)

    def __post_init__(self) -> None:
        """Checks ranges."""
        check(self)
        least, weight = self.ppo.num_minibatches, self.ppo.entropy_coef
        if self.num_envs < least:
            raise refusal(
                "num_envs", self.num_envs, f"at least ppo.num_minibatches = {least}"
            )
        if self.entropy_target is not None and not weight > 0.0:
            words = "positive where entropy_target steers it"
            raise refusal("ppo.entropy_coef", weight, words)

    @property
    def updates(self) -> int:
        """Returns the number of rollouts of the whole training."""
        return max(1, self.env_steps // self.steps_per_update)

    @property
    def steps_per_update(self) -> int:
        """Returns B (T + 1): the step whose value bootstraps is played, too."""
        return self.num_envs * (self.num_steps + 1)
