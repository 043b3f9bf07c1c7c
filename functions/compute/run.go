package compute

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"lockstep/shared/failure"
	"lockstep/shared/pi"
)

type runRequest struct {
	ID string `path:"id"`
}

// progress is how far a run is. Pi is of the shards that are done.
type progress struct {
	ID            string         `json:"id"`
	State         string         `json:"state"` // running, failed
	Done          int            `json:"done"`  // shards
	Of            int            `json:"of"`    // shards
	Pi            *float64       `json:"pi,omitempty"`
	StandardError *float64       `json:"standard_error,omitempty"`
	Error         string         `json:"error,omitempty"`
	Failed        []failedShards `json:"failed_shards,omitempty"` // that have not been done since
}

type failedShards struct {
	Shard    int    `json:"shard"` // from 0 on
	Attempts int    `json:"attempts"`
	Error    string `json:"error"`
}

// clusterAnswer is the answer of a run that is done.
type clusterAnswer struct {
	ID           string       `json:"id"`
	State        string       `json:"state"` // done
	Simulations  int64        `json:"simulations"`
	Shards       int          `json:"shards"`
	Pi           float64      `json:"pi"`
	Distribution distribution `json:"simulations_distribution"`
	Time         float64      `json:"time"` // seconds
	Error        float64      `json:"standard_error"`
	Seed         int64        `json:"seed"`
}

// distribution is how the simulations are distributed over shards.
type distribution struct {
	Shards int   `json:"shards"`
	Least  int64 `json:"least"`
	Most   int64 `json:"most"`
}

// run tells how far a run is, or its answer.
func (s *Service) run(ctx context.Context, in runRequest) (any, error) {
	answer, _, err := s.look(ctx, in.ID)
	return answer, err
}

// look returns how far a run is, and whether it has ended.
func (s *Service) look(ctx context.Context, id string) (answer any, ended bool, err error) {
	r, err := s.Store.Run(ctx, id)
	if errors.Is(err, ErrNoSuchRun) {
		return nil, false, &failure.Error{Code: failure.NotFound, Message: "there is no run '" + id[:min(len(id), 64)] + "'", Err: err}
	}
	if err != nil {
		return nil, false, err
	}
	if r.End != nil && r.End.Error == "" {
		return r.answer(), true, nil
	}
	counted, failed, err := s.Store.Shards(ctx, id)
	if err != nil {
		return nil, false, err
	}
	return r.progress(counted, failed), r.End != nil, nil
}

// ranges is which simulations each shard has.
func (r Run) ranges() []pi.Range { return pi.Shards(r.Simulations, r.Shards) }

// progress is how far a run is by these shards.
func (r Run) progress(counted map[int]int64, failed map[int]Failure) progress {
	p := progress{ID: r.ID, State: "running", Done: len(counted), Of: r.Shards}
	if r.End != nil {
		p.State, p.Error = "failed", r.End.Error
	}
	var hits, simulations int64
	ranges := r.ranges()
	for shard, h := range counted {
		hits, simulations = hits+h, simulations+ranges[shard].N
	}
	if simulations > 0 {
		value, deviation := pi.Estimate(hits, simulations)
		p.Pi, p.StandardError = &value, &deviation
	}
	for _, shard := range slices.Sorted(maps.Keys(failed)) {
		if _, done := counted[shard]; !done {
			p.Failed = append(p.Failed, failedShards{shard, failed[shard].Attempts, failed[shard].Why})
		}
	}
	return p
}

// answer is that of a run that is done.
func (r Run) answer() clusterAnswer {
	value, deviation := pi.Estimate(r.End.Hits, r.Simulations)
	d := distribution{Shards: r.Shards, Least: r.Simulations}
	for _, part := range r.ranges() {
		d.Least, d.Most = min(d.Least, part.N), max(d.Most, part.N)
	}
	return clusterAnswer{
		ID: r.ID, State: "done", Simulations: r.Simulations, Shards: r.Shards, Pi: value, Distribution: d,
		Time: seconds(r.End.At.Sub(r.Began)), Error: deviation, Seed: r.Seed,
	}
}

// failure says which shards have not counted, and why, as far as is known.
func (r Run) failure(counted map[int]int64, failed map[int]Failure) string {
	for shard := range r.Shards {
		f, known := failed[shard]
		if _, done := counted[shard]; !done && known {
			return fmt.Sprintf("shard %d failed %d times: %s", shard, f.Attempts, f.Why)
		}
	}
	return fmt.Sprintf("%d of %d shards did not answer", r.Shards-len(counted), r.Shards)
}
