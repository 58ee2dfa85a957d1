#!/usr/bin/env bash
# Dr. GRPO with DAPO's filter and upper clip, on the rows beside this file, in verl 0.9 on Ray.
#
#    8 GPUs, one node:        bash train.sh
#   64 GPUs, eight nodes:     on the first   ray start --head --port 6379
#                             on the others  ray start --address FIRST:6379
#                             on the first   NODES=8 bash train.sh
#
# Set-up, in an environment of its own:  pip install "verl[vllm]==0.9.1"
# All nodes must see this folder under the same path. MODEL is a folder or hub name of a chat model.
# Memory: weights, gradients and Adam's moments in float32 are 16 bytes a parameter, 524 GB for 32.8 billion:
# 8 GB a GPU on 64; on 8 they would be 66 GB of each GPU, so there they stay in the memory of the host.
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
MODEL=${MODEL:-Qwen/Qwen2.5-32B-Instruct}
OUT=${OUT:-$HERE/run}
NODES=${NODES:-1}
PROMPTS=$((64 * NODES))          # a step; 16 chains each
OFFLOAD=$([ "$NODES" -eq 1 ] && echo True || echo False)

exec python3 -m verl.trainer.main_ppo \
  data.train_files="$HERE/train.parquet" \
  data.val_files="$HERE/test.parquet" \
  data.train_batch_size="$PROMPTS" \
  data.max_prompt_length=1024 \
  data.max_response_length=8192 \
  data.filter_overlong_prompts=True \
  reward.custom_reward_function.path="$HERE/reward.py" \
  reward.custom_reward_function.name=compute_score \
  algorithm.adv_estimator=grpo \
  algorithm.norm_adv_by_std_in_grpo=False \
  algorithm.filter_groups.enable=True \
  algorithm.filter_groups.metric=acc \
  actor_rollout_ref.model.path="$MODEL" \
  actor_rollout_ref.model.use_remove_padding=True \
  actor_rollout_ref.model.enable_gradient_checkpointing=True \
  actor_rollout_ref.actor.strategy=fsdp2 \
  actor_rollout_ref.actor.fsdp_config.offload_policy="$OFFLOAD" \
  actor_rollout_ref.actor.ulysses_sequence_parallel_size=4 \
  actor_rollout_ref.actor.use_dynamic_bsz=True \
  actor_rollout_ref.actor.ppo_max_token_len_per_gpu=4096 \
  actor_rollout_ref.actor.ppo_mini_batch_size="$PROMPTS" \
  actor_rollout_ref.actor.loss_agg_mode=seq-mean-token-sum-norm \
  actor_rollout_ref.actor.loss_scale_factor=8192 \
  actor_rollout_ref.actor.clip_ratio_low=0.2 \
  actor_rollout_ref.actor.clip_ratio_high=0.28 \
  actor_rollout_ref.actor.use_kl_loss=False \
  actor_rollout_ref.actor.entropy_coeff=0 \
  actor_rollout_ref.actor.optim.lr=1e-6 \
  actor_rollout_ref.actor.optim.lr_warmup_steps=10 \
  actor_rollout_ref.rollout.name=vllm \
  actor_rollout_ref.rollout.n=16 \
  actor_rollout_ref.rollout.temperature=1.0 \
  actor_rollout_ref.rollout.tensor_model_parallel_size=4 \
  actor_rollout_ref.rollout.gpu_memory_utilization=0.6 \
  trainer.n_gpus_per_node=8 \
  trainer.nnodes="$NODES" \
  trainer.total_epochs=1 \
  trainer.save_freq=20 \
  trainer.test_freq=20 \
  trainer.default_local_dir="$OUT" \
  trainer.project_name=mull \
  trainer.experiment_name="$(basename "$OUT")" \
  trainer.logger='["console"]' \
  "$@"
