package compute

import (
	"context"
	"time"
)

// merged is what the last step of a run has to say.
type merged struct {
	Run   string `json:"run"`
	Hits  int64  `json:"hits"`
	Error string `json:"error,omitempty"`
}

// merge ends a run: with the sum of its shards, or with what is missing.
func (s *Service) merge(ctx context.Context, in task) (merged, error) {
	r, err := s.Store.Run(ctx, in.Run)
	if err != nil {
		return merged{}, err
	}
	counted, failed, err := s.Store.Shards(ctx, r.ID)
	if err != nil {
		return merged{}, err
	}
	end := End{At: time.Now().Truncate(time.Millisecond)}
	for _, hits := range counted {
		end.Hits += hits
	}
	if len(counted) < r.Shards {
		end.Error = r.failure(counted, failed)
	}
	return merged{r.ID, end.Hits, end.Error}, s.Store.EndRun(ctx, r.ID, end)
}
