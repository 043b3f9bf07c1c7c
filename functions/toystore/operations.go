package toystore

import "lockstep/shared/operation"

// Operations is the service's route table, but for RPC, which package rpc adds.
func (s *Service) Operations() []operation.Operation {
	return []operation.Operation{
		operation.New("query", "GET /toys/{name}", s.query),
		operation.New("buy", "POST /toys/{name}/buy", s.buy),
		operation.New("list", "GET /toys", s.list),
		operation.New("put", "PUT /toys/{name}", s.put, operation.ForOperators()),
		operation.New("health", "GET /health", s.health),
	}
}
