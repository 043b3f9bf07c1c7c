package locks

import "context"

// unlock frees an endpoint. The old API knows no owners: anyone may.
func (s *Service) unlock(ctx context.Context, in endpointRequest) (done, error) {
	return done{}, inWords(s.Store.Unlock(ctx, in.Endpoint), in.Endpoint)
}
