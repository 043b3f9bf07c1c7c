package compute

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// shardTask is what a step is told that computes a shard.
type shardTask struct {
	Run   string `json:"run"`
	Shard int    `json:"shard"` // from 0 on
}

// noted is how long may be taken to note that a shard has failed.
const noted = 5 * time.Second

// shard computes one shard of a run and notes what it has counted. It may run any number
// of times: it counts the same each time, and counts once. A failure is noted, too, and
// returned, so that the shard is tried again.
func (s *Service) shard(ctx context.Context, in shardTask) (done struct{}, err error) {
	defer func() {
		if err != nil && !errors.Is(err, ErrNoSuchRun) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noted)
			defer cancel()
			_, more := s.Store.FailShard(ctx, in.Run, in.Shard, reason(err))
			err = errors.Join(err, more)
		}
	}()
	r, err := s.Store.Run(ctx, in.Run)
	if err != nil {
		return done, err
	}
	if in.Shard < 0 || in.Shard >= r.Shards {
		return done, fmt.Errorf("run %s has no shard %d", r.ID, in.Shard)
	}
	if err := s.fail(ctx, in); err != nil {
		return done, err
	}
	hits, err := s.Pi.Count(ctx, uint64(r.Seed), r.ranges()[in.Shard], maxConcurrency) //nolint:gosec // not negative
	if err != nil {
		return done, err
	}
	return done, s.Store.PutShard(ctx, r.ID, in.Shard, hits)
}

// reason is an error's text, as short as a row should be.
func reason(err error) string {
	text := err.Error()
	return text[:min(len(text), 500)]
}

// fail fails a shard that is to fail, to see that runs survive it.
func (s *Service) fail(ctx context.Context, in shardTask) error {
	times := s.ShardFaults[in.Shard]
	if times == 0 {
		return nil
	}
	_, failed, err := s.Store.Shards(ctx, in.Run)
	if err != nil {
		return err
	}
	if failed[in.Shard].Attempts < times {
		return fmt.Errorf("shard %d is to fail %d times", in.Shard, times)
	}
	return nil
}
