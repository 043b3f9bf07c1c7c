package locks

import "lockstep/shared/operation"

// Operations is the service's route table.
func (s *Service) Operations() []operation.Operation {
	return []operation.Operation{
		operation.New("registry", "GET /registry", s.registry),
		operation.New("lock", "POST /{endpoint}/lock", s.lock),
		operation.New("unlock", "DELETE /{endpoint}/lock", s.unlock),
		operation.New("resource", "GET /{endpoint}/resource/{id}", s.resource),
		operation.New("put-endpoint", "PUT /{endpoint}", s.putEndpoint),
		operation.New("delete-endpoint", "DELETE /{endpoint}", s.deleteEndpoint),
		operation.New("health", "GET /health", s.health),
	}
}
