#!/usr/bin/env bash
# Eight workers of one study on a Slurm cluster: sbatch examples/slurm-array.sh
# Before, from any machine that reaches the database, once (it asks for the trials, waits, and draws at the end):
#   carryover run cifar10-svhn --database "$CARRYOVER_DATABASE" --workers 0
#SBATCH --job-name=carryover
#SBATCH --array=0-7
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=12:00:00
# Two minutes before the time is up Slurm says so to this script (B: without it only to job steps, of which there are none),
# whose place the worker has taken by then: what runs goes back in line, up to its last checkpoint.
#SBATCH --signal=B:TERM@120
set -euo pipefail

: "${CARRYOVER_DATABASE:?set it to postgres://user:password@host:5432/name, best in a file that only you can read}"
shared="${CARRYOVER_SHARED:-$HOME/carryover}"

# exec: the worker is the process that Slurm tells. A worker that finds nothing to do for ten minutes ends.
exec carryover worker \
  --slots "${SLURM_CPUS_PER_TASK:-1}" \
  --artifacts "$shared/artifacts" \
  --data "$shared/data" \
  --idle 10
