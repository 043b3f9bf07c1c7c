package locks

import (
	"context"
)

// deleteEndpoint removes an endpoint that is not locked. Operators only.
func (s *Service) deleteEndpoint(ctx context.Context, in endpointRequest) (done, error) {
	if _, err := s.Store.Endpoint(ctx, in.Endpoint); err != nil {
		return done{}, inWords(err, in.Endpoint)
	}
	return done{}, s.changing(ctx, in.Endpoint, func() error {
		if _, err := s.Store.Endpoint(ctx, in.Endpoint); err != nil {
			return inWords(err, in.Endpoint)
		}
		return s.Store.DeleteEndpoint(ctx, in.Endpoint)
	})
}
