package compute

import (
	"context"
	"time"

	"lockstep/shared/failure"
)

// How a run is followed.
const (
	DefaultFollow = 30 * time.Second
	MaxFollow     = 600 * time.Second

	followEvery = 500 * time.Millisecond // a line at least each second, also when a look takes its time
)

type followRequest struct {
	ID    string `path:"id"`
	ForMs *int64 `query:"for_ms"` // how long to follow
}

// Validate says which field is wrong.
func (r followRequest) Validate() error {
	if r.ForMs != nil && (*r.ForMs < 0 || *r.ForMs > MaxFollow.Milliseconds()) {
		return failure.InvalidField("for_ms", "for_ms must be from 0 to %d", MaxFollow.Milliseconds())
	}
	return nil
}

// runProgress sends how far a run is, again and again, and its answer once it has one.
// It ends then, or after for_ms.
func (s *Service) runProgress(ctx context.Context, in followRequest, send func(any) error) error {
	left := DefaultFollow
	if in.ForMs != nil {
		left = time.Duration(*in.ForMs) * time.Millisecond
	}
	end := time.Now().Add(left)
	for {
		answer, ended, err := s.look(ctx, in.ID)
		if err != nil {
			return err
		}
		if err := send(answer); err != nil || ended {
			return err
		}
		if left = time.Until(end); left <= 0 {
			return nil
		}
		select {
		case <-time.After(min(followEvery, left)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
