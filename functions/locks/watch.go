package locks

import (
	"context"
	"time"

	"lockstep/shared/failure"
)

// How a watcher is served.
const (
	DefaultWatch = 30 * time.Second
	MaxWatch     = 600 * time.Second

	heartbeatEvery = time.Second
	lookEvery      = 200 * time.Millisecond // an event is late by that and a look
	eventsAtATime  = 1000
)

type watchRequest struct {
	Since *int64 `query:"since"`  // the seq of the last event seen; none: from now on
	ForMs *int64 `query:"for_ms"` // how long to watch
}

// Validate says which field is wrong.
func (r watchRequest) Validate() error {
	if r.Since != nil && *r.Since < 0 {
		return failure.InvalidField("since", "since must not be negative")
	}
	if r.ForMs != nil && (*r.ForMs < 0 || *r.ForMs > MaxWatch.Milliseconds()) {
		return failure.InvalidField("for_ms", "for_ms must be from 0 to %d", MaxWatch.Milliseconds())
	}
	return nil
}

// watch sends what happens to locks as it happens, and a heartbeat at once and then
// each second. It ends after for_ms, after one look if that is 0; whoever goes on
// where it ended misses nothing that is still kept.
func (s *Service) watch(ctx context.Context, in watchRequest, send func(any) error) error {
	last, err := s.watchFrom(ctx, in.Since)
	if err != nil {
		return err
	}
	begin := time.Now()
	for beat := begin; ; {
		events, err := s.Store.Events(ctx, last, eventsAtATime)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := send(e); err != nil {
				return err
			}
			last = e.Seq
		}
		if now := time.Now(); !now.Before(beat) {
			beat = now.Add(heartbeatEvery)
			if err := send(Event{Seq: last, At: Timestamp(now), Event: EventHeartbeat}); err != nil {
				return err
			}
		}
		if len(events) == eventsAtATime {
			continue // there are more
		}
		left := watchFor(in.ForMs) - time.Since(begin)
		if left <= 0 {
			return nil
		}
		if err := sleep(ctx, min(lookEvery, left)); err != nil {
			return err
		}
	}
}

func (s *Service) watchFrom(ctx context.Context, since *int64) (int64, error) {
	if since != nil {
		return *since, nil
	}
	return s.Store.LastEvent(ctx)
}

func watchFor(ms *int64) time.Duration {
	if ms == nil {
		return DefaultWatch
	}
	return time.Duration(*ms) * time.Millisecond
}
