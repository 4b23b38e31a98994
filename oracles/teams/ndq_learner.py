"""The learner of NDQ teams: QMIX with double Q, messages, and a teacher's labels.

    L = TD + c_beta (expressiveness + comm_beta KL + comm_entropy_beta H)
        + c_i CE( label, softmax(Q / temperature) )

The team is re-unrolled through `communicate` with gradients, as in `ppo_learner`.

Source: Wang et al. 2020, eq. 11; the imitation term is ours (RECIPES 6).
"""

import copy
import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from games.engine.env import CommEnv, TimeStep
from games.engine.play import Step
from games.engine.team import Carry, communicate
from games.engine.tree import map_tensors, stack
from oracles.learning.ppo import parameters_of
from oracles.teams import resume_points
from oracles.teams.backbones.ndq import NDQ
from oracles.teams.config import QConfig
from oracles.teams.imitation import NO_LABEL
from oracles.teams.lies import distrust_loss, retelling
from oracles.teams.q_learning import QMixer, message_losses, posterior, q_lambda


class Memory(NamedTuple):
    """The data that an update learns from, `[T+1,B,...]`; the last step bootstraps."""

    carry: Carry  # [1,B,...] before the first step
    timestep: TimeStep
    action: Tensor  # [T+1,B,N] long
    reward: Tensor  # [T+1,B]
    done: Tensor  # [T+1,B] bool
    label: Tensor  # [T+1,B,N] long; NO_LABEL where there is no teacher
    forged: Tensor  # [T+1,B,N] bool
    tampered: Tensor  # [T+1,B,N,D]; what left the senders


class Unrolled(NamedTuple):
    """The results of a team's pass over a rollout, `[T,B,N,...]`."""

    q: Tensor  # -inf where unavailable
    said: Tensor
    m_in: Tensor
    beliefs: Tensor  # [T,B,N,N]; zeros where agents do not judge


def remember(rollout: Step, label: Tensor | None) -> Memory:
    """Extracts from a rollout `[T+1,B,...]` what an update learns from."""
    if label is None:
        label = torch.full_like(rollout.action, NO_LABEL)
    return Memory(
        map_tensors(lambda leaf: leaf[:1], rollout.carry),
        rollout.timestep,
        rollout.action,
        rollout.reward,
        rollout.done,
        label,
        rollout.wire.forged,
        rollout.wire.tampered,
    )


class NDQLearner:
    """A team in training with its mixer, posterior, target networks and optimiser."""

    def __init__(self, env: CommEnv, team: NDQ, config: QConfig, seed: int) -> None:
        """Draws mixer and posterior from `seed`; the team keeps its weights."""
        self.team, self.config, self.device = team, config, env.device
        spec = env.spec
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            mixer = QMixer(spec.num_agents, spec.state_size, config.mixer_embed)
            guess = posterior(
                spec.obs_size + spec.num_agents, team.heard_size, spec.num_actions
            )
        self.mixer, self.posterior = mixer.to(env.device), guess.to(env.device)
        self.target_team = copy.deepcopy(team).requires_grad_(False)
        self.target_mixer = copy.deepcopy(self.mixer).requires_grad_(False)
        parameters = parameters_of([team, self.mixer, self.posterior])
        self.optimizer: torch.optim.Optimizer
        if config.optimizer == "adam":
            self.optimizer = torch.optim.Adam(parameters, config.learning_rate)
        else:
            self.optimizer = torch.optim.RMSprop(
                parameters, config.learning_rate, alpha=0.99, eps=1e-5
            )

    def unroll(self, team: NDQ, memory: Memory, generator: torch.Generator) -> Unrolled:
        """Runs `communicate` over T+1 steps again, with messages drawn anew."""
        carry = map_tensors(lambda leaf: leaf[0], memory.carry)
        steps = []
        for t in range(len(memory.action)):
            timestep = map_tensors(lambda leaf, t=t: leaf[t], memory.timestep)
            told = retelling(memory.forged[t], memory.tampered[t])
            before = carry.memory.masked_fill(timestep.fresh[..., None], 0.0)
            carry, wire, q = communicate(team, carry, timestep, told, generator)
            judges = getattr(team, "judges", False)
            believed = (
                team.beliefs(timestep.obs, before, wire.heard)
                if judges
                else torch.zeros_like(timestep.links, dtype=q.dtype)
            )
            steps.append(Unrolled(q, wire.sent, carry.m_in, believed))
        unrolled: Unrolled = stack(steps)
        return unrolled

    @torch.no_grad()
    def targets(
        self, memory: Memory, generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Returns Q(lambda) targets `[T,B]` and the target's best actions `[T,B,N]`.

        Double Q: the team picks the next action, its target network values it.
        """
        picked = self.unroll(self.team, memory, generator).q.argmax(-1)
        valued = self.unroll(self.target_team, memory, generator).q
        value = valued.gather(-1, picked[..., None]).squeeze(-1)
        total = self.target_mixer(value, memory.timestep.state)
        target = q_lambda(
            memory.reward[:-1],
            total[1:],
            memory.done[:-1],
            self.config.gamma,
            self.config.td_lambda,
        )
        return target, valued.argmax(-1)[:-1]

    def loss(
        self,
        memory: Memory,
        target: Tensor,
        best: Tensor,
        imitation_coef: float,
        generator: torch.Generator,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Returns the loss of a batch, as in the module's docstring, and its parts.

        Args:
          memory: the batch, `[T,b,...]`.
          target: `[T,b]`, the targets of Q_tot.
          best: `[T,b,N]` long, the target network's best actions.
          imitation_coef: c_i.
          generator: draws the messages.
        """
        config, timestep = self.config, memory.timestep
        unrolled = self.unroll(self.team, memory, generator)
        chosen = unrolled.q.gather(-1, memory.action[..., None]).squeeze(-1)
        total = self.mixer(chosen, timestep.state)
        td = nn.functional.smooth_l1_loss(
            total / config.value_scale, target / config.value_scale
        )
        mean = torch.where(
            timestep.alive[..., None], self.team.means(timestep.obs), 0.0
        )
        guess = torch.cat([self.team.inputs(timestep.obs), unrolled.m_in], -1)
        messages = message_losses(
            self.posterior(guess), best, mean, unrolled.said, timestep
        )
        talk = (
            messages.expressiveness
            + config.comm_beta * messages.compression
            + config.comm_entropy_beta * messages.entropy
        )
        counted = (memory.label != NO_LABEL) & timestep.alive
        logits = (unrolled.q / config.temperature).log_softmax(-1)
        label = memory.label.clamp(min=0)[..., None]
        missed = -logits.gather(-1, label).squeeze(-1)
        missed = torch.where(counted, missed, 0.0).sum() / counted.sum().clamp(min=1)
        loss = td + imitation_coef * missed
        if self.team.config.talks:
            loss = loss + config.c_beta * talk
        if getattr(self.team, "judges", False):
            loss = loss + distrust_loss(unrolled.beliefs, memory.forged, timestep.links)
        parts = {
            "td_loss": td,
            "imitation_loss": missed,
            "expressiveness_loss": messages.expressiveness,
            "compression_loss": messages.compression,
            "q_mean": total.mean(),
        }
        return loss, {key: part.detach() for key, part in parts.items()}

    def update(
        self, memory: Memory, imitation_coef: float, generator: torch.Generator
    ) -> dict[str, float]:
        """Trains the team on one batch of rollouts `[T+1,B,...]`.

        Raises:
          FloatingPointError: a loss is not finite.
        """
        config = self.config
        target, best = self.targets(memory, generator)
        held = map_tensors(lambda leaf: leaf[:-1], memory)._replace(carry=memory.carry)
        parameters = [p for g in self.optimizer.param_groups for p in g["params"]]
        totals = []
        for _ in range(config.update_epochs):
            order = torch.randperm(
                target.shape[1], generator=generator, device=self.device
            )
            for part in order.chunk(config.num_minibatches):
                batch = map_tensors(lambda leaf, part=part: leaf[:, part], held)
                loss, stats = self.loss(
                    batch, target[:, part], best[:, part], imitation_coef, generator
                )
                self.optimizer.zero_grad(set_to_none=True)
                loss.backward()
                norm = nn.utils.clip_grad_norm_(parameters, config.max_grad_norm)
                self.optimizer.step()
                totals.append({"loss": loss.detach(), "grad_norm": norm, **stats})
        means = {key: torch.stack([t[key] for t in totals]).mean() for key in totals[0]}
        numbers = torch.stack(list(means.values())).tolist()
        report = dict(zip(means, numbers, strict=True))
        for key in ("loss", "grad_norm"):
            if not math.isfinite(report[key]):
                raise FloatingPointError(f"training stopped: {key} is {report[key]}")
        return report

    def copy_to_target(self) -> None:
        """Copies the weights to the target networks."""
        self.target_team.load_state_dict(self.team.state_dict())
        self.target_mixer.load_state_dict(self.mixer.state_dict())

    def _modules(self) -> dict[str, nn.Module]:
        return {
            "team": self.team,
            "mixer": self.mixer,
            "posterior": self.posterior,
            "target_team": self.target_team,
            "target_mixer": self.target_mixer,
        }

    def snapshot(self) -> dict[str, Tensor]:
        """Copies all weights and the optimiser's moments."""
        return resume_points.snapshot(self._modules(), self.optimizer)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Restores what `snapshot` returned."""
        resume_points.restore(self._modules(), self.optimizer, tensors)
