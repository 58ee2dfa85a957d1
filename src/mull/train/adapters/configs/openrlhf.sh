#!/usr/bin/env bash
# Dr. GRPO with dynamic filtering, on the rows beside this file, in OpenRLHF 0.11 on Ray.
#
#   8 GPUs, one node:      bash train.sh
#   more nodes of 8 GPUs:  `ray start` on each, then NODES=8 bash train.sh on the first
#
# Set-up, in an environment of its own:  pip install "openrlhf[vllm]"
# All nodes must see this folder under the same path. MODEL is a folder or hub name of a chat model.
set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
MODEL=${MODEL:-Qwen/Qwen2.5-7B-Instruct}
OUT=${OUT:-$HERE/run}
NODES=${NODES:-1}
PROMPTS=$((64 * NODES))          # a step; 16 chains each

exec python3 -m openrlhf.cli.train_ppo_ray \
  --data.prompt_dataset "$HERE/train.jsonl" \
  --data.input_key prompt \
  --data.label_key label \
  --data.apply_chat_template \
  --data.max_len 9216 \
  --reward.remote_url "$HERE/reward.py" \
  --reward.stop_properly_penalty_coef 0.0 \
  --actor.model_name_or_path "$MODEL" \
  --actor.num_nodes "$NODES" \
  --actor.num_gpus_per_node 8 \
  --actor.gradient_checkpointing_enable \
  --actor.eps_clip_low_high 0.2 0.28 \
  --actor.adam.lr 1e-6 \
  --algo.advantage.estimator dr_grpo \
  --algo.advantage.is_correction_enable \
  --algo.kl.init_coef 0 \
  --algo.dynamic_filtering_enable \
  --algo.dynamic_filtering_range 0 1 \
  --rollout.batch_size "$PROMPTS" \
  --rollout.n_samples_per_prompt 16 \
  --rollout.max_new_tokens 8192 \
  --train.batch_size $((16 * PROMPTS)) \
  --train.dynamic_batch_enable \
  --train.max_tokens_per_gpu 16384 \
  --train.colocate_all \
  --vllm.num_engines $((4 * NODES)) \
  --vllm.tensor_parallel_size 2 \
  --vllm.gpu_memory_utilization 0.6 \
  --vllm.sync_backend nccl \
  --vllm.enable_sleep \
  --ds.enable_sleep \
  --ds.zero_stage 3 \
  --ds.packing_samples \
  --ds.param_dtype bf16 \
  --ckpt.output_dir "$OUT" \
  --ckpt.path "$OUT/ckpt" \
  --ckpt.save_steps 20 \
  --ckpt.save_hf \
  "$@"
