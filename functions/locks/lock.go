package locks

import "context"

// lock takes an endpoint's lock, or says at once that it is taken. It never waits.
func (s *Service) lock(ctx context.Context, in endpointRequest) (done, error) {
	return done{}, inWords(s.Store.Lock(ctx, in.Endpoint), in.Endpoint)
}
