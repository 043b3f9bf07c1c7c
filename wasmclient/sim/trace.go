package sim

import (
	"strconv"
	"sync"

	"lockstep/shared/syncquery"
)

// Trace is what happened in a run, in columns of one length: a row an event, in the order
// of time. -1 where a column does not apply. To be read when the run is over, or by Take.
type Trace struct {
	At        []int64 // nanoseconds since the run began
	Kind      []uint8 // a syncquery.HappeningKind
	Client    []uint16
	Reading   []int32  // numbered from 0 over all clients
	Endpoint  []int32  // its place in Endpoints
	Query     []int32  // numbered from 0 over all clients
	Resource  []int64  // of a read; of an ask, how many it names
	Endpoints []string // in the order of the registry

	mu     sync.Mutex // of what stands above; a goroutine may be put aside in the middle of adding
	record bool
	places map[string]int32
	count  int
	hash   uint64
}

// NewTrace returns an empty trace that keeps the events.
func NewTrace() *Trace { return newTrace(nil, true) }

func newTrace(registry syncquery.Registry, record bool) *Trace {
	t := &Trace{record: record, places: map[string]int32{}, hash: fnvOffset}
	for _, e := range registry {
		t.place(e.Name)
	}
	return t
}

// place returns an endpoint's place in the list; one that is new is added to it.
func (t *Trace) place(endpoint string) int32 {
	if t == nil || endpoint == "" {
		return -1
	}
	place, ok := t.places[endpoint]
	if !ok {
		place = int32(len(t.Endpoints)) //nolint:gosec // a registry is not that long
		t.places[endpoint] = place
		t.Endpoints = append(t.Endpoints, endpoint)
	}
	return place
}

// add takes in an event of a client.
func (t *Trace) add(client, reading int, h syncquery.Happening) {
	t.mu.Lock()
	defer t.mu.Unlock()
	query, resource := int64(-1), int64(-1)
	switch h.Kind {
	case syncquery.Asked:
		query, resource = int64(h.Query), h.Resource
	case syncquery.Answered, syncquery.Failed:
		query = int64(h.Query)
	case syncquery.Reading, syncquery.StateRead:
		resource = h.Resource
	}
	place := t.place(h.Endpoint)
	t.count++
	for _, value := range [...]int64{int64(h.At), int64(h.Kind), int64(client), int64(reading), int64(place), query, resource} {
		t.mix(uint64(value)) //nolint:gosec // the bits
	}
	if !t.record {
		return
	}
	t.At = append(t.At, int64(h.At))
	t.Kind = append(t.Kind, uint8(h.Kind))
	t.Client = append(t.Client, uint16(client))   //nolint:gosec // at most MaxClients
	t.Reading = append(t.Reading, int32(reading)) //nolint:gosec // far fewer
	t.Endpoint = append(t.Endpoint, place)
	t.Query = append(t.Query, int32(query))
	t.Resource = append(t.Resource, resource)
}

// The hash is FNV-1a of 64 bits, over words instead of bytes, and with a rotation, so that
// the upper bits reach the lower ones.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func (t *Trace) mix(word uint64) {
	t.hash = (t.hash ^ word) * fnvPrime
	t.hash ^= t.hash >> 29
}

// Hash returns a hash over all events so far, also those that are not kept.
func (t *Trace) Hash() string {
	text := strconv.FormatUint(t.hash, 16)
	return "0000000000000000"[len(text):] + text
}

// Take lets somebody read the events that are kept, while none are added, and forgets
// them; count and hash go on.
func (t *Trace) Take(read func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	read()
	t.At, t.Kind, t.Client, t.Reading = t.At[:0], t.Kind[:0], t.Client[:0], t.Reading[:0]
	t.Endpoint, t.Query, t.Resource = t.Endpoint[:0], t.Query[:0], t.Resource[:0]
}

// Len returns how many events are kept.
func (t *Trace) Len() int { return len(t.At) }
