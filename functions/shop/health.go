package shop

import (
	"context"

	"lockstep/shared/version"
)

type healthy struct {
	Status  string `json:"status"`
	Version string `json:"version"`
}

// health says that the service answers, and which build it is.
func (s *Service) health(context.Context, struct{}) (healthy, error) {
	return healthy{Status: "ok", Version: version.Version}, nil
}
