package rpc

import (
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"

	"lockstep/shared/proto/toystore/v1/toystorev1connect"
)

// Prefixes returns the paths below which Handler serves, for a server that has others
// beside it.
func Prefixes() []string {
	return []string{
		"/" + toystorev1connect.ToyStoreName + "/",
		"/" + grpchealth.HealthV1ServiceName + "/",
		"/" + grpcreflect.ReflectV1ServiceName + "/",
		"/" + grpcreflect.ReflectV1AlphaServiceName + "/",
	}
}
