package syncquery

import (
	"errors"
	"fmt"
	"slices"

	"github.com/valyala/fastjson"
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

// ParseRegistry reads the body of GET /registry, an object by endpoint, and keeps
// its order, which a map would lose.
func ParseRegistry(body []byte) (Registry, error) {
	// encoding/json would make the module for browsers a sixth larger.
	value, err := fastjson.ParseBytes(body)
	if err != nil {
		return nil, fmt.Errorf("the registry is not valid JSON: %w", err)
	}
	object, err := value.Object()
	if err != nil {
		return nil, errors.New("the registry is not a JSON object")
	}
	registry := Registry{}
	object.Visit(func(name []byte, value *fastjson.Value) {
		e, wrong := parseEndpoint(string(name), value)
		if wrong != nil && err == nil {
			err = fmt.Errorf("the registry's endpoint %q: %w", name, wrong)
		}
		registry = append(registry, e)
	})
	if err != nil {
		return nil, err
	}
	return registry, nil
}

// parseEndpoint reads an endpoint's object; what it lacks is false, or none.
func parseEndpoint(name string, value *fastjson.Value) (Endpoint, error) {
	e := Endpoint{Name: name}
	object, err := value.Object()
	if err != nil {
		return e, err
	}
	if locked := object.Get("locked"); locked != nil && locked.Type() != fastjson.TypeNull {
		if e.Locked, err = locked.Bool(); err != nil {
			return e, fmt.Errorf("locked: %w", err)
		}
	}
	if resources := object.Get("resources"); resources != nil && resources.Type() != fastjson.TypeNull {
		if e.Resources, err = parseIDs(resources); err != nil {
			return e, fmt.Errorf("resources: %w", err)
		}
	}
	return e, nil
}

func parseIDs(value *fastjson.Value) ([]int64, error) {
	values, err := value.Array()
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(values))
	for i, value := range values {
		if ids[i], err = value.Int64(); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
