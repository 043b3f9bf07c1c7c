package compute

import "context"

// logins returns how often each user has logged in, by user.
func (s *Service) logins(ctx context.Context, _ struct{}) (map[string]int64, error) {
	return s.Store.Logins(ctx)
}
