package locks

import (
	"context"
	"time"
)

// Endpoint is one lockable endpoint as the registry shows it.
type Endpoint struct {
	Locked    bool    `json:"locked"`    // lock would be refused
	Resources []int64 `json:"resources"` // ascending, without repetition
}

// registry lists every endpoint, what it serves and whether it is locked, all of
// one moment. Which endpoints there are is read first, so that none shows as free
// that a lock had taken by then.
func (s *Service) registry(ctx context.Context, _ struct{}) (map[string]Endpoint, error) {
	served, err := s.Store.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	view, err := s.Leases.View(ctx)
	if err != nil {
		return nil, err
	}
	wanted := view.WantedKeys(time.Now())
	all := make(map[string]Endpoint, len(served))
	for name, resources := range served {
		all[name] = Endpoint{Locked: wanted[name], Resources: resources}
	}
	return all, nil
}
