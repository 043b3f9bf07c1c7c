package locks

import (
	"time"

	"lockstep/shared/operation"
)

// Limits of watching: time beyond the longest watch, and watchers of one process.
const (
	watchGrace  = 10 * time.Second
	maxWatchers = 1000
)

// Operations is the service's route table.
func (s *Service) Operations() []operation.Operation {
	return []operation.Operation{
		operation.New("registry", "GET /registry", s.registry),
		operation.New("lock", "POST /{endpoint}/lock", s.lock),
		operation.New("unlock", "DELETE /{endpoint}/lock", s.unlock),
		operation.New("resource", "GET /{endpoint}/resource/{id}", s.resource),
		operation.New("acquire", "POST /leases", s.acquire, operation.LargeIsInvalid()),
		operation.New("leases", "GET /leases", s.leases),
		operation.New("renew", "PUT /leases", s.renew, operation.LargeIsInvalid()),
		operation.New("release", "DELETE /leases", s.release),
		operation.New("break", "POST /leases/{id}/break", s.breakLease, operation.ForOperators()),
		operation.New("write", "PUT /resources", s.write, operation.LargeIsInvalid()),
		operation.New("query", "POST /query", s.query, operation.LargeIsInvalid()),
		operation.New("put-endpoint", "PUT /{endpoint}", s.putEndpoint, operation.ForOperators(), operation.LargeIsInvalid()),
		operation.New("delete-endpoint", "DELETE /{endpoint}", s.deleteEndpoint, operation.ForOperators()),
		operation.NewStream("watch", "GET /watch", s.watch,
			operation.Timeout(MaxWatch+watchGrace), operation.Concurrency(maxWatchers)),
		operation.New("health", "GET /health", s.health),
	}
}
