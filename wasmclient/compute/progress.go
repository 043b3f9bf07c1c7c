package compute

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// Progress is how far a cluster's run is.
type Progress struct {
	ID            string        `json:"id"`
	State         string        `json:"state"`
	Done          int           `json:"done"`           // shards
	Of            int           `json:"of"`             // shards
	Pi            *float64      `json:"pi"`             // of the shards that are done; nil before the first
	StandardError *float64      `json:"standard_error"` // likewise
	Error         string        `json:"error"`          // why the run has failed
	Failed        []FailedShard `json:"failed_shards"`  // that have not been done since

	Answer *Answer         `json:"-"` // of a run that is done
	JSON   json.RawMessage `json:"-"` // the object, as the service writes it
}

// FailedShard is a shard that has failed.
type FailedShard struct {
	Shard    int    `json:"shard"`    // from 0 on
	Attempts int    `json:"attempts"` // that failed
	Error    string `json:"error"`    // the last one's
}

// ParseProgress reads a line of a run's progress, the last of which may be its answer.
func ParseProgress(line []byte) (Progress, error) {
	var p struct {
		Progress
		Simulations *int64 `json:"simulations"` // an answer has it
	}
	if err := json.Unmarshal(line, &p); err != nil {
		return Progress{}, err
	}
	p.JSON = line
	if p.Simulations == nil {
		if p.Of < 1 || p.Done < 0 || p.Done > p.Of {
			return Progress{}, fmt.Errorf("no progress: %.100s", line)
		}
		return p.Progress, nil
	}
	answer, err := ParseAnswer(line)
	if err != nil {
		return Progress{}, err
	}
	p.Answer, p.Done, p.Of = &answer, answer.Distribution.Parts, answer.Distribution.Parts
	return p.Progress, nil
}

// Ended says that there is no more to come.
func (p Progress) Ended() bool { return p.Answer != nil || p.HasFailed() }

// HasFailed says that the run will have no answer.
func (p Progress) HasFailed() bool { return p.State == "failed" }

// Failure is why a run has failed, in words: what the service says, and the other
// shards that failed.
func (p Progress) Failure() string {
	const most = 10
	var says strings.Builder
	fmt.Fprintf(&says, "run %s failed: %s", p.ID, p.Error)
	for i, f := range p.Failed {
		if i == most {
			fmt.Fprintf(&says, "\n  and %d more", len(p.Failed)-most)
			break
		}
		if len(p.Failed) > 1 || !strings.HasPrefix(p.Error, fmt.Sprintf("shard %d ", f.Shard)) {
			fmt.Fprintf(&says, "\n  shard %d: %s (attempts: %d)", f.Shard, f.Error, f.Attempts)
		}
	}
	return says.String()
}

// Point returns the estimate so far, and whether there is one. How many simulations it
// is of follows from its standard error, 4 sqrt(q(1-q)/n) with q = pi/4.
func (p Progress) Point() (Point, bool) {
	if a := p.Answer; a != nil {
		return Point{a.Simulations, a.Pi, a.StandardError}, true
	}
	if p.Pi == nil || p.StandardError == nil || *p.StandardError <= 0 {
		return Point{}, false
	}
	n := *p.Pi * (4 - *p.Pi) / (*p.StandardError * *p.StandardError)
	return Point{int64(math.Round(n)), *p.Pi, *p.StandardError}, n >= 1 && n < 1<<62
}

// Point is an estimate by some number of simulations.
type Point struct {
	Simulations       int64
	Pi, StandardError float64
}
