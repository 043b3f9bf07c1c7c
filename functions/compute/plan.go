package compute

import "context"

// task is what each step of a run is told.
type task struct {
	Run string `json:"run"`
}

// planned is what the state machine maps over: the shards by their numbers alone, since
// what it hands on is limited to 256 KB.
type planned struct {
	Run         string `json:"run"`
	Shards      []int  `json:"shards"`
	Concurrency int    `json:"concurrency"` // shards at a time
}

// plan says which shards a run has.
func (s *Service) plan(ctx context.Context, in task) (planned, error) {
	r, err := s.Store.Run(ctx, in.Run)
	if err != nil {
		return planned{}, err
	}
	p := planned{Run: r.ID, Shards: make([]int, r.Shards), Concurrency: s.ShardsAtATime}
	for i := range p.Shards {
		p.Shards[i] = i
	}
	return p, nil
}
