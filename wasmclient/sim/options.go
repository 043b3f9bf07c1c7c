package sim

import (
	"fmt"
	"time"

	"lockstep/shared/syncquery"
)

// Options are a run of queries: against a server, or in a simulated world.
type Options struct {
	Workload
	Strategy syncquery.Strategy
	Clients  int           // in a world: how many there are, each with all of the workload; 0 is 1
	Workers  int           // how many queries a client asks at a time; 1 to 10,000
	Rate     float64       // queries a second and client, whoever is still waiting (an open loop); 0: by the workers
	Timeout  time.Duration // for each query
	Alone    bool          // as syncquery.Options has it
	Without  syncquery.Rule

	World WorldOptions // not looked at by a run against a server
}

// WorldOptions are what a simulated world is like.
type WorldOptions struct {
	Registry  syncquery.Registry
	Ours      bool          // the server is ours, with leases; else an old one
	ReadTime  time.Duration // how long reading a resource takes
	Latency   time.Duration // how long the server takes for any call on top
	KeepAlive bool          // an old server that lets connections live; ours does
	ErrorRate float64       // of calls that are answered 500 before the effect; 0 to 1
	DropRate  float64       // of calls whose answer is lost after the effect; 0 to 1
	HangRate  float64       // of calls that the server never answers, and gets to much later; 0 to 1
	Crash     float64       // the share of clients, 0 to 1, that crash in the middle
	Changes   int           // how often an endpoint of the registry vanishes or comes back
	Record    bool          // keep the events
}

// leastRate is a query in a quarter of an hour: the times of fewer may be too long for the
// clock.
const leastRate = 0.001

// MaxClients is the most clients of a world.
const MaxClients = 64

// FieldError is an error of one of the options.
type FieldError struct {
	Field   string // as the command line names it
	Message string // complete, with the field's name
}

func (e *FieldError) Error() string { return e.Message }

func wrong(field, format string, args ...any) error {
	return &FieldError{field, field + " must be " + fmt.Sprintf(format, args...)}
}

// Validate says by a *FieldError which field is wrong.
func (o Options) Validate() error {
	switch {
	case o.Workers < 1 || o.Workers > 10_000:
		return wrong("workers", "from 1 to 10000, not %d", o.Workers)
	case o.Timeout <= 0:
		return wrong("timeout", "above 0, not %s", o.Timeout)
	case !(o.Rate == 0 || o.Rate >= leastRate && o.Rate <= 1e6): // also for NaN
		return wrong("rate", "0, or from %v to 1000000, not %v", leastRate, o.Rate)
	case o.Clients < 0 || o.Clients > MaxClients:
		return wrong("clients", "from 1 to %d, not %d", MaxClients, o.Clients)
	}
	if err := o.Workload.Validate(); err != nil {
		return err
	}
	if o.Queries*max(1, o.Clients) > MaxQueries {
		return wrong("queries", "at most %d in all, not %d of each of %d clients", MaxQueries, o.Queries, o.Clients)
	}
	return o.World.validate()
}

func (w WorldOptions) validate() error {
	for _, duration := range []struct {
		field string
		value time.Duration
	}{{"read-time", w.ReadTime}, {"latency", w.Latency}} {
		if duration.value < 0 || duration.value > time.Hour {
			return wrong(duration.field, "from 0 to 1h, not %s", duration.value)
		}
	}
	for _, rate := range []struct {
		field string
		value float64
	}{{"error-rate", w.ErrorRate}, {"drop-rate", w.DropRate}, {"hang-rate", w.HangRate}, {"crash", w.Crash}} {
		if !(rate.value >= 0 && rate.value <= 1) { // also for NaN
			return wrong(rate.field, "from 0 to 1, not %v", rate.value)
		}
	}
	return nil
}
