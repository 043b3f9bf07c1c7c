package compute

import (
	"context"
	"time"
)

// merge ends a run: with the sum of its shards, or with what is missing.
func (s *Service) merge(ctx context.Context, in task) (End, error) {
	r, err := s.Store.Run(ctx, in.Run)
	if err != nil {
		return End{}, err
	}
	counted, failed, err := s.Store.Shards(ctx, r.ID)
	if err != nil {
		return End{}, err
	}
	end := End{At: time.Now().Truncate(time.Millisecond)}
	for _, hits := range counted {
		end.Hits += hits
	}
	if len(counted) < r.Shards {
		end.Error = r.failure(counted, failed)
	}
	return end, s.Store.EndRun(ctx, r.ID, end)
}
