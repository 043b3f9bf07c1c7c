// Package sim is the simulation of synchronized querying: the workload that clients ask
// for, its run against a server or in a simulated world on a virtual clock, and what it
// came to. It knows no transport.
package sim

import (
	"errors"
	"math/rand/v2"
	"slices"
)

// Workload describes the queries of a run.
type Workload struct {
	Queries      int     // how many; at least 1
	MaxResources int     // a query names 0 to this many ids, each number equally likely
	Unknown      float64 // the share of queries, 0 to 1, that also name an id which nobody serves
	Seed         uint64  // the same seed draws the same queries, on every platform
}

// MaxQueries is the most queries of one run.
const MaxQueries = 10_000_000

// Validate says by a *FieldError which field is wrong.
func (w Workload) Validate() error {
	switch {
	case w.Queries < 1 || w.Queries > MaxQueries:
		return wrong("queries", "from 1 to %d, not %d", MaxQueries, w.Queries)
	case w.MaxResources < 0 || w.MaxResources > 1000:
		return wrong("max-resources", "from 0 to 1000, not %d", w.MaxResources)
	case !(w.Unknown >= 0 && w.Unknown <= 1): // also for NaN
		return wrong("unknown", "from 0 to 1, not %v", w.Unknown)
	}
	return nil
}

// Draw draws the queries from the ids that are served. No query names an id
// twice; none can name more ids than are served, apart from an unknown one.
func (w Workload) Draw(served []int64) ([][]int64, error) {
	if err := w.check(served); err != nil {
		return nil, err
	}
	drawer := w.drawer(served)
	queries := make([][]int64, w.Queries)
	for i := range queries {
		queries[i] = drawer.next()
	}
	return queries, nil
}

// check says whether queries can be drawn from these ids.
func (w Workload) check(served []int64) error {
	if err := w.Validate(); err != nil {
		return err
	}
	if len(served) == 0 && w.MaxResources > 0 {
		return errors.New("the registry serves no resources")
	}
	return nil
}

// drawer draws one query after the other.
type drawer struct {
	workload Workload
	random   *rand.Rand
	urn      []int64
	unserved int64
}

func (w Workload) drawer(served []int64) *drawer {
	d := &drawer{workload: w, urn: slices.Clone(served)}
	d.random = rand.New(rand.NewPCG(w.Seed, w.Seed)) //nolint:gosec // reproducible on purpose
	for slices.Contains(served, d.unserved) {
		d.unserved++
	}
	return d
}

func (d *drawer) next() []int64 {
	n := d.random.IntN(min(d.workload.MaxResources, len(d.urn)) + 1)
	for k := range n { // the first n steps of a Fisher-Yates shuffle
		j := k + d.random.IntN(len(d.urn)-k)
		d.urn[k], d.urn[j] = d.urn[j], d.urn[k]
	}
	ids := slices.Clone(d.urn[:n])
	if d.random.Float64() < d.workload.Unknown {
		ids = append(ids, d.unserved)
	}
	return ids
}
