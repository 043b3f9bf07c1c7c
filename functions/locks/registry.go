package locks

import "context"

// registry lists every endpoint, what it serves and whether it is locked.
func (s *Service) registry(ctx context.Context, _ struct{}) (map[string]Endpoint, error) {
	return s.Store.Registry(ctx)
}
