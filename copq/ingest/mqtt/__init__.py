"""Sensors, Unified Namespaces and Sparkplug nodes by MQTT: messages in, events to an intake."""
