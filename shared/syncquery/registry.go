package syncquery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Endpoint is one endpoint of a registry.
type Endpoint struct {
	Name      string
	Locked    bool
	Resources []int64
}

// Registry is the endpoints in the order in which the server lists them: some
// strategies choose by it.
type Registry []Endpoint

// Serves says whether the endpoint serves the resource.
func (e Endpoint) Serves(resource int64) bool { return slices.Contains(e.Resources, resource) }

// Served returns every id that some endpoint serves, ascending.
func (r Registry) Served() []int64 {
	var ids []int64
	for _, e := range r {
		ids = append(ids, e.Resources...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// unknown returns the error of the first of ids that is not among those served,
// which ascend.
func unknown(ids, served []int64) error {
	for _, id := range ids {
		if _, ok := slices.BinarySearch(served, id); !ok {
			return &UnknownResourceError{Resource: id}
		}
	}
	return nil
}

// ParseRegistry reads the body of GET /registry, an object by endpoint, and keeps
// its order, which a map would lose.
func ParseRegistry(body []byte) (Registry, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errors.New("the registry is not a JSON object")
	}
	registry := Registry{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("the registry is not valid JSON: %w", err)
		}
		var e struct {
			Locked    bool    `json:"locked"`
			Resources []int64 `json:"resources"`
		}
		if err := decoder.Decode(&e); err != nil {
			return nil, fmt.Errorf("the registry's endpoint %q: %w", name, err)
		}
		registry = append(registry, Endpoint{Name: name.(string), Locked: e.Locked, Resources: e.Resources})
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("the registry is cut off: %w", err)
	}
	return registry, nil
}
