package locks

import "context"

// deleteEndpoint removes an endpoint that is not locked. Operators only.
func (s *Service) deleteEndpoint(ctx context.Context, in endpointRequest) (done, error) {
	return done{}, asConflict(s.Store.DeleteEndpoint(ctx, in.Endpoint), in.Endpoint)
}
